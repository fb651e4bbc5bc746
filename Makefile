# Everything a developer types. Needs make and python3 >= 3.11, nothing else: the rest comes with .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

PYTHON ?= python3
PROVIDER ?= embedded
ARGS ?=
# Three on two cores, since many tests wait; each has a Kafka and a Postgres of its own. tests/conftest.py says what stays
# together.
WORKERS ?= -n 3 --dist loadgroup --no-loadscope-reorder
BIN := .venv/bin
STAMP := .venv/.built

PROVIDERS := embedded apache docker external
COMPOSE ?= docker compose

.PHONY: demo test venv check up bench crash compose compose-test help
demo: $(STAMP) ## real input in time-lapse on throw-away infrastructure; EXIT=1 ends after the story
	@$(BIN)/duban demo $(if $(filter 1,$(EXIT)),--exit)

test: provider $(STAMP) ## the whole suite; PROVIDER=embedded|apache|docker|external chooses the infrastructure, ARGS=… goes to pytest
	@DUBAN_TEST_PROVIDER=$(PROVIDER) $(BIN)/pytest $(WORKERS) $(ARGS)

venv: $(STAMP) ## only build .venv, with everything that the other targets need

check: $(STAMP) ## ruff, mypy --strict, import-linter, schemas and golden examples up to date
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m shared.events.generate --check

up: provider $(STAMP) ## the four services on PROVIDER=embedded|apache|docker|external, until Ctrl-C
	@$(BIN)/duban up --provider $(PROVIDER)

bench: $(STAMP) ## speed on a real Kafka and a Postgres that syncs, beside the raw floor; ARGS="storm --n 10000 --cpu", ARGS=--help
	@$(BIN)/python -m tests.bench $(ARGS)

crash: $(STAMP) ## kill everything under load and judge what came of it; N=deadlines SEED=… KILLS=…, ARGS="--mutation all", ARGS=--help
	@$(BIN)/python -m tests.crash $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) $(ARGS)

compose: $(STAMP) ## the production-like stack in containers, on loopback; COMPOSE="docker compose", docs/operations/containers.md
	@$(BIN)/python deploy/docker/make_secrets.py
	@$(COMPOSE) build prepare
	@$(COMPOSE) up --detach --wait --wait-timeout 600
	@$(COMPOSE) ps

compose-test: $(STAMP) ## a stack of its own: replays doj_foia through it, checks counts and monitoring; STAND_IN=1 where nothing can be pulled
	@$(if $(filter 1,$(STAND_IN)),tests/compose/stand_in_images.sh build/stand-ins)
	@$(BIN)/python -m tests.compose --compose "$(COMPOSE)" $(ARGS)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: provider
provider:
	@case " $(PROVIDERS) " in \
	*" $(PROVIDER) "*) ;; \
	*) echo "make: no provider '$(PROVIDER)': it is one of $(PROVIDERS)." >&2; exit 2 ;; \
	esac

# Built once, again when the pins or the package's own description change. Incremental: pip leaves alone what fits.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: Duban needs Python 3.11 or newer; '$(PYTHON)' is too old or not there" \
		     "($$($(PYTHON) --version 2>&1)). Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "make: $(PYTHON) cannot create virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "building .venv (once; a minute or two)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@
