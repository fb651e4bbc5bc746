"""The compose stack under a project name of its own, and how to ask its containers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.cli.replay.mapping_model import catalogue_text

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "deploy" / "mappings" / "doj_foia.yaml"
LOG = ROOT / "deploy" / "demo" / "doj_foia.jsonl"
LOG_MAPPING = ROOT / "deploy" / "demo" / "doj_foia.yaml"
AS_OF = "2017-09-01T00:00:00-04:00"
LIMIT_S = 900
SERVICES = ("intake", "deadline", "accountability", "notification")


class Failed(RuntimeError):
    """A command of compose or in a container ended with an error; the message ends with what it said."""


class Stack:
    """docker-compose.yml with compose.test.yaml over it."""

    def __init__(self, compose: Sequence[str], scratch: Path) -> None:
        self._compose = (*compose, "-f", "docker-compose.yml", "-f", "tests/compose/compose.test.yaml")
        self._scratch = scratch
        scratch.chmod(0o755)  # the containers' users look into it
        (scratch / "replay").mkdir()
        (scratch / "replay").chmod(0o777)
        items = catalogue_text(LOG_MAPPING)
        assert items is not None
        (scratch / "items.yaml").write_text(items, encoding="utf-8")
        shutil.copy(LOG, scratch / "replay" / "log.jsonl")
        shutil.copy(LOG_MAPPING, scratch / "replay" / "mapping.yaml")

    def up(self) -> None:
        """Build the image, make the secrets where there are none, start everything and wait until it is healthy."""
        self._python("deploy/docker/make_secrets.py")
        (self._scratch / "publisher_token").write_text(self.token("publisher", "--authority", "*", "--source", "*"))
        self.compose("build", "prepare", show=True)
        self.compose("up", "--detach", "--wait", "--wait-timeout", "600", show=True)

    def down(self) -> None:
        """Remove the containers and the volumes of the test; those of `make compose` are others."""
        self.compose("--profile", "replay", "down", "--volumes", "--timeout", "30")

    def token(self, *arguments: str) -> str:
        """A bearer token of the stack's own issuer."""
        return self._python("deploy/docker/make_token.py", "--person", "compose-test", *arguments).strip()

    def replay(self) -> dict[str, Any]:
        """Replay the log from a container in the stack's network; what it came to, as `duban replay --json` says."""
        command = ("duban", "replay", "/replay/log.jsonl", "--mapping", "/replay/mapping.yaml", "--as-of", AS_OF)
        told = self.compose("run", "--rm", "--no-deps", "-T", "replay", *command, "--report", "/replay/r.csv", "--json")
        summary: dict[str, Any] = json.loads(told.splitlines()[-1])
        return summary

    def report(self) -> list[str]:
        """The replay's report, a line for each clock below its heading."""
        return (self._scratch / "replay" / "r.csv").read_text().splitlines()

    def inside(self, service: str, *command: str, index: int = 1) -> str:
        """What a command in a container says."""
        return self.compose("exec", "-T", "--index", str(index), service, *command)

    def sql(self, question: str) -> str:
        """What the services' own user is answered, from inside the database's container."""
        shell = 'PGPASSWORD=$(cat /run/secrets/postgres_password) psql -U duban -d duban -Atc "$0"'
        return self.inside("postgres", "sh", "-c", shell, question).strip()

    def get(self, url: str) -> Any:
        """JSON from inside Prometheus' container."""
        return json.loads(self.inside("prometheus", "wget", "-q", "-O", "-", url))

    def published(self, service: str, index: int) -> str:
        """host:port of a replica on this machine."""
        return self.compose("port", "--index", str(index), service, "8080").strip()

    def containers(self) -> list[dict[str, Any]]:
        """What the engine knows of each container."""
        ids = self.compose("ps", "--all", "--quiet").split()
        found: list[dict[str, Any]] = json.loads(self._run(["docker", "inspect", *ids]))
        return found

    def stand_ins(self) -> list[str]:
        """The images that are stand-ins (stand_in_images.sh), the Dockerfile's base among them."""
        label = ["docker", "images", "--filter", "label=duban.stand-in=true", "--format", "{{.Repository}}:{{.Tag}}"]
        ours = {"duban:local", "<none>:<none>"}  # they take the label over from their base
        return sorted(set(self._run(label).split()) - ours)

    def logs(self) -> str:
        """The last lines of every container."""
        return self.compose("logs", "--tail", "15", "--no-color")

    def compose(self, *arguments: str, show: bool = False) -> str:
        return self._run([*self._compose, *arguments], show=show)

    def _python(self, script: str, *arguments: str) -> str:
        return self._run([sys.executable, script, *arguments])

    def _run(self, command: Sequence[str], *, show: bool = False) -> str:
        environment = {**os.environ, "DUBAN_TEST_SCRATCH": str(self._scratch), "COMPOSE_PROGRESS": "plain"}
        errors = None if show else subprocess.PIPE
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=LIMIT_S
        )
        if done.returncode:
            raise Failed(f"{' '.join(command[:12])} ended with {done.returncode}\n{done.stdout}{done.stderr or ''}")
        return done.stdout
