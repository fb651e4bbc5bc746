"""`python -m tests.crash`, or `make crash N=… SEED=…`: see docs/reliability.md."""

import argparse
import logging
import sys
from pathlib import Path

import uvloop

from tests.crash.mutations import MUTATIONS
from tests.crash.report import counted, lines
from tests.crash.run import Outcome, ProcessError, Wish, carry_out, say
from tests.crash.schedule import SERVICES

RATE = 125.0
"""Registrations a second on two cores beside everything else; a third of them fall due in storms."""
MUTANT_LIMIT_S = 45.0
"""A planted bug may keep a run from ever coming to rest: this long is waited for it."""


def main(arguments: list[str]) -> int:
    """Exit code 0 only if all counts are zero and everything is at rest, or if every planted bug was caught."""
    parser = argparse.ArgumentParser(prog="make crash", description="Kill everything, often; judge what came of it.")
    parser.add_argument("-n", type=int, default=6000, help="deadlines")
    parser.add_argument("--kills", type=int, default=None, help="default: one for each thousand deadlines, at least 14")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--span", type=float, default=None, help="seconds over which matters are registered")
    parser.add_argument("--logs", type=Path, default=None, help="keep the services' logs here")
    parser.add_argument("--mutation", choices=("all", *MUTATIONS), default=None, help="plant this bug, or each in turn")
    given = parser.parse_args(arguments)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # a broker that is down is no news here
    try:
        if given.mutation is not None:
            return _plant(list(MUTATIONS) if given.mutation == "all" else [given.mutation], given.seed, given.logs)
        kills = max(14, round(given.n / 1000)) if given.kills is None else given.kills
        span = max(30.0, given.n / RATE) if given.span is None else given.span
        outcome = uvloop.run(carry_out(Wish(given.n, kills, given.seed, span, logs=given.logs)))
    except ProcessError as error:
        print(f"make crash: {error}", file=sys.stderr)
        return 1
    _show(outcome)
    return 0 if outcome.clean else 1


def _plant(names: list[str], seed: int, logs: Path | None) -> int:
    """A run for each planted bug; 0 where every one was caught by a count of the oracle's."""
    results = []
    for name in names:
        say(f"planting {name}: {MUTATIONS[name].why}")
        bug = MUTATIONS[name]
        wish = Wish(
            bug.deadlines, bug.kills, seed, bug.span_s, bug.only, bug.points,
            services=SERVICES[:3], mutation=name, climbs=bug.climbs, logs=logs and logs / name, limit_s=MUTANT_LIMIT_S,
        )  # fmt: skip
        outcome = uvloop.run(carry_out(wish))
        _show(outcome)
        results.append((name, outcome))
    print()
    for name, outcome in results:
        print(f"{name:30} {'caught' if outcome.caught else 'SURVIVED'}: {counted(outcome)}")
    return 0 if all(outcome.caught for _, outcome in results) else 1


def _show(outcome: Outcome) -> None:
    for line in lines(outcome):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
