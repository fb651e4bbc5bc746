"""Edges of the calculus, each by name: days of 23 and 25 hours, leap days, month ends, nothing and decades, pauses that
outlast or come too late, the last second.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from services.deadline.rules.clock import Clock, State
from services.deadline.rules.count import count
from services.deadline.rules.facts import CORRECTED, Fact
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, Limit, Roll
from tests.oracle.adapter import facts_of, limit_of
from tests.oracle.days import Case
from tests.support.deadline_counting import BOSTON, LONDON, SHANGHAI, a_limit, on, plain

AMSTERDAM = "Europe/Amsterdam"
LEAST = timedelta(microseconds=1)
LIMIT: Case = {
    "amount": (5, "wd"), "at": None, "start_rule": "day0", "roll": "none", "zone": SHANGHAI, "day_ends": None,
    "cut_off": None, "choose": None, "second": None, "warnings": [],
    "pauses": [{"ground": "*", "longest": None, "then": "alarm", "times": None}],
    "extension": {
        "most": None, "times": 1, "base": "nominal", "after_expiry": "refused", "approver": False, "reason": False
    },
}  # fmt: skip


def when(text: str, zone: str = SHANGHAI) -> Case:
    """A bare day, or an instant with its offset."""
    if len(text) == 10:
        return {"at": on(text, zone).instant.astimezone(UTC), "on": date.fromisoformat(text)}
    return {"at": datetime.fromisoformat(text).astimezone(UTC), "on": None}


def pause(since: str, until: str | None, zone: str = SHANGHAI) -> list[Case]:
    said = {"ground": "hearing", "name": None, "expected": None, "until": None}
    ends = [("pause", since)] + ([("resume", until)] if until else [])
    return [{"kind": kind, "id": f"{kind} {text}"} | when(text, zone) | said for kind, text in ends]


def extension(asked: datetime, by: tuple[int, str]) -> Case:
    said = {"by": by, "until": None, "clock": None, "approver": None, "reason": False}
    return {"kind": "extend", "id": "extend", "at": asked, "on": None} | said


def clock(
    start: str, now: str, changes: tuple[Case, ...] | list[Case] = (), stop: datetime | None = None, **terms: Any
) -> Clock:
    """The clock of a limit at an instant, with all feeds complete up to it."""
    case = {
        "limit": LIMIT | terms, "start": when(start, terms.get("zone", SHANGHAI)), "changes": list(changes),
        "stop": None if stop is None else {"at": stop, "on": None},
    }  # fmt: skip
    return folded(facts_of(case), now)


def folded(facts: list[Fact], now: str) -> Clock:
    at = datetime.fromisoformat(now)
    return fold(facts, lambda code: plain(), at, at).clocks[0]


def due_on(found: Clock) -> date | None:
    assert found.due is not None
    return found.due.due_on


def late_from(found: Clock) -> datetime:
    assert found.due is not None
    return found.due.late_from


@pytest.mark.parametrize(
    ("zone", "midnight", "next_midnight", "hours"),
    [
        (BOSTON, "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", 23),
        (BOSTON, "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 25),
        (LONDON, "2026-03-29T00:00:00+00:00", "2026-03-30T00:00:00+01:00", 23),
        (LONDON, "2026-10-25T00:00:00+01:00", "2026-10-26T00:00:00+00:00", 25),
        (AMSTERDAM, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
        (AMSTERDAM, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
    ],
)
def test_a_day_of_23_or_25_hours_is_one_day_and_as_many_hours(
    zone: str, midnight: str, next_midnight: str, hours: int
) -> None:
    start = (datetime.fromisoformat(midnight) - timedelta(hours=10)).isoformat()
    now = "2027-01-01T00:00:00+00:00"
    in_days = clock(start, now, amount=(1, "d"), zone=zone)
    assert late_from(in_days) == datetime.fromisoformat(next_midnight)
    stood = pause(midnight, next_midnight)
    plainly, paused = (clock(start, now, changes, amount=(100, "h"), zone=zone) for changes in ([], stood))
    assert late_from(paused) - late_from(plainly) == timedelta(hours=hours)
    assert due_on(clock(start, now, stood, amount=(3, "d"), zone=zone)) == due_on(
        clock(start, now, amount=(4, "d"), zone=zone)
    )


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2024-02-28", (1, "d"), "2024-02-29"),
        ("2023-02-28", (1, "d"), "2023-03-01"),
        ("2024-02-29", (12, "m"), "2025-02-28"),
        ("2024-02-29", (48, "m"), "2028-02-29"),
        ("2024-02-28", (2, "wd"), "2024-03-01"),
        ("2024-01-31", (1, "m"), "2024-02-29"),
    ],
)
def test_leap_days(start: str, amount: tuple[int, str], due: str) -> None:
    assert due_on(clock(start, "2024-03-01T00:00:00+08:00", amount=amount)) == date.fromisoformat(due)


def test_a_pause_over_a_leap_day_takes_it_out() -> None:
    changes = pause("2024-02-27", "2024-03-01")
    assert due_on(clock("2024-02-26", "2024-04-01T00:00:00+08:00", changes, amount=(5, "d"))) == date(2024, 3, 5)


def test_a_month_ends_with_its_last_day_and_an_extension_counts_from_there() -> None:
    """D20: months do not add up. A month from 31 January and a month more end on 28 March, two months on the 31st."""
    asked = extension(datetime(2025, 2, 3, tzinfo=UTC), (1, "m"))
    now = "2025-02-04T00:00:00+08:00"
    assert due_on(clock("2025-01-31", now, amount=(1, "m"))) == date(2025, 2, 28)
    assert due_on(clock("2025-01-31", now, [asked], amount=(1, "m"))) == date(2025, 3, 28)
    assert due_on(clock("2025-01-31", now, amount=(2, "m"))) == date(2025, 3, 31)


@pytest.mark.parametrize("text", ["0wd", "0d", "0m", "0h", "0wh", "0min", "00d"])
def test_a_limit_of_nothing_is_refused(text: str) -> None:
    """No statute gives nothing: a period begins on the day after its event (Civil Code art. 201; Regulation 1182/71
    art. 3), so the shortest one has a day, and who must act at once is under a duty and not on a clock. Peers read 0 as
    the same day, the same instant or the next opening (tests/vectors): an amount that everyone reads in another way
    accuses people by accident. What is due on the day of receipt is one day, the first included; what is due at once
    has a stated instant.
    """
    with pytest.raises(ValueError, match="is not an amount"):
        Amount.parse(text)
    same_day = clock("2026-03-02T10:00:00+08:00", "2026-03-02T12:00:00+08:00", amount=(1, "d"), start_rule="inclusive")
    assert due_on(same_day) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("amount", "due"),
    [((132, "m"), "2037-03-02"), ((4018, "d"), "2037-03-02"), ((2870, "wd"), "2037-03-02")],
)
def test_a_limit_of_more_than_ten_years(amount: tuple[int, str], due: str) -> None:
    found = clock("2026-03-02", "2026-03-03T00:00:00+08:00", amount=amount)
    assert found.problem is None
    assert due_on(found) == date.fromisoformat(due)


def test_a_pause_longer_than_the_limit_moves_it_by_all_of_it() -> None:
    changes = pause("2026-03-03", "2026-06-30")
    found = clock("2026-03-02", "2026-07-01T00:00:00+08:00", changes)
    assert due_on(found) == date(2026, 7, 6)  # 3 March counted, four more from 1 July on
    assert found.state is State.RUNNING
    assert clock("2026-03-02", "2026-05-01T00:00:00+08:00", changes).state is State.PAUSED


def test_a_pause_that_begins_after_the_miss_undoes_nothing() -> None:
    found = clock("2026-03-02", "2026-04-01T00:00:00+08:00", pause("2026-03-10", "2026-03-20"))
    assert (found.state, due_on(found)) == (State.MISSED, date(2026, 3, 9))
    still_open = clock("2026-03-02", "2026-04-01T00:00:00+08:00", pause("2026-03-10", None))
    assert (still_open.state, due_on(still_open)) == (State.MISSED, date(2026, 3, 9))


def test_an_extension_in_the_last_instant_counts_and_one_after_it_is_refused() -> None:
    end = datetime.fromisoformat("2026-03-10T00:00:00+08:00").astimezone(UTC)
    now = "2026-03-11T00:00:00+08:00"
    in_time = clock("2026-03-02", now, [extension(end - LEAST, (5, "wd"))])
    assert (in_time.state, due_on(in_time), in_time.findings) == (State.RUNNING, date(2026, 3, 16), ())
    too_late = clock("2026-03-02", now, [extension(end, (5, "wd"))])
    assert (too_late.state, due_on(too_late)) == (State.MISSED, date(2026, 3, 9))
    assert [finding.code for finding in too_late.findings] == ["extension-after-expiry"]


def test_done_in_the_last_instant_of_the_day_is_in_time_and_at_midnight_is_late() -> None:
    end = datetime.fromisoformat("2026-03-10T00:00:00+08:00").astimezone(UTC)
    now = "2026-04-01T00:00:00+08:00"
    assert clock("2026-03-02", now, stop=end - LEAST).state is State.MET
    assert clock("2026-03-02", now, stop=end).state is State.MISSED_DONE


def test_done_at_the_stated_instant_is_in_time_to_the_microsecond() -> None:
    stated = datetime.fromisoformat("2026-03-10T12:00:00+08:00").astimezone(UTC)
    now = "2026-04-01T00:00:00+08:00"
    assert clock("2026-03-02", now, stop=stated, amount=None, at=stated).state is State.MET
    assert clock("2026-03-02", now, stop=stated + LEAST, amount=None, at=stated).state is State.MISSED_DONE


def test_of_two_corrections_of_the_end_of_a_pause_the_one_issued_last_counts() -> None:
    case = {"limit": LIMIT, "start": when("2026-03-02"), "changes": pause("2026-03-03", "2026-03-10"), "stop": None}
    facts = facts_of(case)
    resumed = facts[-1]
    first, second = (
        Fact(
            CORRECTED, resumed.occurred, None, ("/oracle", name), resumed.issued + timedelta(hours=hours), name,
            replaces=resumed.identity,
            replacement=resumed._replace(occurred=when(day)["at"], on=date.fromisoformat(day)),
        )
        for name, hours, day in (("early", 1, "2026-03-12"), ("late", 2, "2026-03-05"))
    )  # fmt: skip
    now = "2026-03-31T00:00:00+08:00"
    assert due_on(folded(facts, now)) == date(2026, 3, 16)
    assert due_on(folded([*facts, first], now)) == date(2026, 3, 18)
    for order in ([first, second], [second, first]):
        assert due_on(folded([*facts, *order], now)) == date(2026, 3, 11)


def test_an_extension_until_an_instant_within_a_pause_ends_with_the_pause() -> None:
    until = datetime.fromisoformat("2026-03-06T12:00:00+08:00").astimezone(UTC)
    asked = extension(datetime(2026, 3, 4, tzinfo=UTC), (1, "h")) | {"by": None, "until": until}
    stood = pause("2026-03-03T10:00:00+08:00", "2026-03-10T09:00:00+08:00")
    found = clock("2026-03-02T09:00:00+08:00", "2026-03-07T00:00:00+08:00", stood[:1], amount=(30, "h"))
    assert found.due is None
    found = clock("2026-03-02T09:00:00+08:00", "2026-04-01T00:00:00+08:00", [*stood, asked], amount=(30, "h"))
    assert late_from(found) > datetime.fromisoformat("2026-03-10T09:00:00+08:00")


@pytest.mark.parametrize("terms", [{"amount": (30, "h")}, {"amount": (1, "wd"), "day_ends": time(17)}])
def test_nothing_falls_due_on_the_rest_of_the_day_to_which_a_pause_is_expected_to_last(terms: Case) -> None:
    stood = pause("2026-03-03T08:00:00+08:00", None)[:1]
    stood = [stood[0] | {"until": date(2026, 3, 5)}]
    found = clock("2026-03-02T09:00:00+08:00", "2026-03-05T18:00:00+08:00", stood, **terms)
    assert found.state is State.PAUSED
    assert late_from(found) > datetime.fromisoformat("2026-03-06T00:00:00+08:00")


def test_of_equal_limits_the_first_counts() -> None:
    both: Limit = limit_of(LIMIT | {"choose": "earlier", "second": {
        "amount": (7, "d"), "at": None, "start_rule": "day0", "roll": "none"
    }})  # fmt: skip
    due = count(replace(both, calendar="X", roll=Roll.NONE), on("2026-03-02"), plain())
    assert (due.due_on, due.chosen) == (date(2026, 3, 9), False)
    assert count(a_limit("7d"), on("2026-03-02"), plain()).due_on == due.due_on
