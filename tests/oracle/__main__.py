"""The long run: so many random cases, the count, and the first disagreements made small.

    python -m tests.oracle --n 100000 --seed 1

Exit code 1 where oracle and product disagree.
"""

import argparse
import sys
import time
from collections import Counter
from pprint import pformat

from tests.oracle.days import Case
from tests.oracle.judge import differences, expected, shrunk
from tests.oracle.making import Seeded, made


def main() -> int:
    """Run, print, and say whether all agreed."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5, help="how many disagreements to shrink and print")
    given = parser.parse_args()
    begun = time.monotonic()
    seen: Counter[str] = Counter()
    shown = 0
    for number in range(given.n):
        case = made(Seeded(given.seed * 1_000_000_007 + number))
        found = differences(case)
        kinds = {change["kind"] for change in case["changes"]}
        seen.update(
            {"stated" if case["limit"]["amount"] is None else case["limit"]["amount"][1]: 1} | dict.fromkeys(kinds, 1)
        )
        if found:
            seen["disagree"] += 1
            if shown < given.show:
                shown += 1
                least = shrunk(case)
                print(f"--- case {number}: {differences(least)}\n{shown_as(least)}\noracle: {expected(least)}\n")
    took = time.monotonic() - begun
    print(", ".join(f"{key} {count}" for key, count in sorted(seen.items()) if key != "disagree"))
    print(f"{given.n} cases, {seen['disagree']} disagreements, seed {given.seed}, {took:.0f} s")
    return 1 if seen["disagree"] else 0


def shown_as(case: Case) -> str:
    """The case for a reader, without what was only looked up."""
    calendar = {key: value for key, value in case["calendar"].items() if key != "walked"}
    return pformat(case | {"calendar": calendar}, width=150)


if __name__ == "__main__":
    sys.exit(main())
