"""Bring the compose stack up, replay doj_foia through it, and look at it as an operator would. No part of `make test`.

    python -m tests.compose [--keep] [--compose 'docker compose']

Says for each thing that it looked at whether it is as it should be; exit 0 only if everything is. The figures are those
of the log itself (tests/acceptance, README). What ran on stand-in images is said on the last lines.
"""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from tests.compose.checks import Checks
from tests.compose.stack import Stack


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", type=shlex.split, default=["docker", "compose"], help="how compose is called")
    parser.add_argument("--keep", action="store_true", help="leave the stack running at the end")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duban-compose-") as scratch:
        stack = Stack(given.compose, Path(scratch))
        checks = Checks(stack)
        try:
            stack.up()
            checks.everything()
        finally:
            if checks.wrong:
                print(stack.logs(), file=sys.stderr)
            if not given.keep:
                stack.down()
        stand_ins = stack.stand_ins()
        print(f"stand-in images: {', '.join(stand_ins) or 'none, all of them are the real ones'}")
        print("all is as it should be" if not checks.wrong else f"WRONG: {'; '.join(checks.wrong)}")
        return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
