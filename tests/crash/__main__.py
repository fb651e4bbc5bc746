"""`python -m tests.crash N=… SEED=…`: see docs/reliability.md."""

import argparse
import sys
from pathlib import Path

import uvloop

from tests.crash.report import lines
from tests.crash.run import ProcessError, Wish, carry_out

RATE = 125.0
"""Registrations a second on two cores beside everything else; a storm is an eighth of them in one second."""


def main(arguments: list[str]) -> int:
    """Exit code 0 only if all counts are zero and everything is at rest."""
    parser = argparse.ArgumentParser(prog="make crash", description="Kill everything, often; judge what came of it.")
    parser.add_argument("-n", type=int, default=6000, help="deadlines")
    parser.add_argument("--kills", type=int, default=None, help="default: one for each thousand deadlines, at least 12")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--span", type=float, default=None, help="seconds over which matters are registered")
    parser.add_argument("--logs", type=Path, default=None, help="keep the services' logs here")
    given = parser.parse_args(arguments)
    kills = max(12, round(given.n / 1000)) if given.kills is None else given.kills
    span = max(30.0, given.n / RATE) if given.span is None else given.span
    try:
        outcome = uvloop.run(carry_out(Wish(given.n, kills, given.seed, span, logs=given.logs)))
    except ProcessError as error:
        print(f"make crash: {error}", file=sys.stderr)
        return 1
    for line in lines(outcome):
        print(line)
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
