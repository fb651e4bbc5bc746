"""Laws of the whole calculus, pauses and extensions included, on random limits and histories; and the oracle's word on
each of them. Laws of the plain count stand in test_count.py, of corrections in test_fold.py.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import Clock, State
from services.deadline.rules.count import Start, count
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.fold import Folded, fold
from services.deadline.rules.limits import StartRule
from tests.oracle.adapter import calendar_of, facts_of
from tests.oracle.days import Case, works
from tests.oracle.judge import differences
from tests.oracle.making import cases
from tests.support.deadline_counting import DAYS, INSTANTS, a_limit, calendars, on

HOUR = timedelta(hours=1)
FAR = datetime(2031, 1, 1, tzinfo=UTC)
LATE = (State.MISSED, State.MISSED_DONE)


def folded(case: Case, now: datetime, facts: list[Any] | None = None) -> Folded:
    calendar = calendar_of(case["calendar"], case["limit"]["zone"])
    return fold(facts_of(case) if facts is None else facts, lambda code: calendar, now, now)


def clock_at(case: Case, now: datetime) -> Clock:
    return folded(case, max(now, case["start"]["at"])).clocks[0]


def instants_of(case: Case) -> list[datetime]:
    """Every instant at which something is said in the case, and around it."""
    said = [case["start"], *case["changes"], *([case["stop"]] if case["stop"] else [])]
    return sorted({each["at"] + by for each in said for by in (timedelta(0), HOUR, timedelta(days=3))})


@settings(max_examples=300)
@given(cases())
def test_the_calculus_says_what_the_oracle_says(case: Case) -> None:
    assert differences(case) == {}


@given(cases(), st.randoms(use_true_random=False))
def test_no_order_and_no_duplicate_of_pauses_and_extensions_changes_anything(case: Case, random: Any) -> None:
    facts = facts_of(case)
    shuffled = [*facts, *random.sample(facts, random.randint(0, len(facts)))]
    random.shuffle(shuffled)
    now = max(case["now"], case["start"]["at"])
    assert folded(case, now, shuffled) == folded(case, now)


@given(cases())
def test_folding_again_changes_nothing(case: Case) -> None:
    now = max(case["now"], case["start"]["at"])
    assert folded(case, now) == folded(case, now)
    assert clock_at(case, now) == clock_at(case, now)


@given(cases())
def test_nothing_fires_early_and_nothing_while_the_clock_stands_still(case: Case) -> None:
    for now in instants_of(case):
        clock = clock_at(case, now)
        if clock.state in LATE:
            assert clock.due is not None
            assert clock.due.late_from <= max(now, case["start"]["at"])
        if clock.state is State.PAUSED:
            assert clock.pause is not None
            inside = [at for at, _ in clock.alarms if clock.pause.covers(at)]
            assert inside == []
            assert all(at > now for at, _ in clock.alarms)


@given(cases())
def test_what_was_known_then_is_said_of_then_whatever_came_later(case: Case) -> None:
    facts = facts_of(case)
    for now in instants_of(case):
        moment = max(now, case["start"]["at"])
        known = [fact for fact in facts if fact.occurred <= moment]
        whole, prefix = folded(case, moment), folded(case, moment, known)
        assert whole.clocks == prefix.clocks
        assert whole.refold_at is None or whole.refold_at > moment


@given(cases())
def test_until_the_next_alarm_or_refold_nothing_changes_by_itself(case: Case) -> None:
    now = max(case["now"], case["start"]["at"])
    before = folded(case, now)
    clock = before.clocks[0]
    ahead = [at for at, _ in clock.alarms] + ([before.refold_at] if before.refold_at else [])
    soon = min([*ahead, now + timedelta(days=40)]) - timedelta(microseconds=1)
    assume(soon > now)
    after = folded(case, soon).clocks[0]
    assert (after.state, after.due, after.findings) == (clock.state, clock.due, clock.findings)


@given(cases(), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_later_start_is_never_late_earlier_whatever_pauses_it(case: Case, by: timedelta) -> None:
    """Of one united pause and no extension: what is asked for may come too late for an earlier start only. A stated end
    does not move with its start, but less of a pause lies behind a later one."""
    assume(case["limit"]["amount"] is not None)
    changes = [change for change in case["changes"] if change["kind"] == "pause"][:1]
    start = {"at": case["start"]["at"], "on": None}
    plain = case["limit"] | {"choose": None, "second": None, "pauses": [dict(ANY)]}
    one = case | {"changes": changes, "stop": None, "now": FAR, "limit": plain, "start": start}
    other = one | {"start": start | {"at": start["at"] + by}}
    first, second = clock_at(one, FAR), clock_at(other, FAR)
    assume(first.due is not None and second.due is not None)
    assert first.due and second.due
    if changes and changes[0]["at"] >= first.due.late_from:
        return  # too late to pause the earlier one
    assert first.due.late_from <= second.due.late_from


ANY: Case = {"ground": "*", "longest": None, "then": "resume", "times": None}


@st.composite
def paused(draw: st.DrawFn) -> tuple[Calendar, Case, int, str, date, date, date]:
    """A limit in working or natural days, from a day, with a pause that begins on one of its days."""
    case = draw(cases())
    unit = draw(st.sampled_from(("wd", "d")))
    n = draw(st.integers(2, 15))
    start = draw(st.dates(date(2026, 3, 2), date(2026, 3, 20)))
    since = start + timedelta(days=draw(st.integers(0, 12)))
    until = since + timedelta(days=draw(st.integers(0, 25)))
    return calendar_of(case["calendar"], "Asia/Shanghai"), case["calendar"], n, unit, start, since, until


@given(paused())
def test_a_pause_takes_out_what_lies_in_it_and_nothing_else(given_: Any) -> None:
    """As many days count as the limit has: those from the start to the due, but for those of the pause."""
    _, days, n, unit, start, since, until = given_
    at = on(start).instant
    limit = {
        "amount": (n, unit), "at": None, "start_rule": "day0", "roll": "none", "zone": "Asia/Shanghai",
        "day_ends": None, "cut_off": None, "choose": None, "second": None, "warnings": [], "pauses": [dict(ANY)],
        "extension": None,
    }  # fmt: skip
    bare = {"ground": "any", "name": None, "expected": None, "until": None}
    changes = [
        {"kind": "pause", "id": "1", "at": on(since).instant, "on": since} | bare,
        {"kind": "resume", "id": "2", "at": on(until).instant, "on": until} | bare,
    ]
    case = {"calendar": days, "limit": limit, "start": {"at": at, "on": start}, "changes": changes, "stop": None}
    clock = clock_at(case, FAR)
    assert clock.due is not None
    assert clock.due.due_on is not None
    counted = [
        day
        for k in range(1, (clock.due.due_on - start).days + 1)
        if not since < (day := start + timedelta(days=k)) <= until and (unit == "d" or works(days, day))
    ]
    if len(counted) == n + 1:  # begun on its last day, which must not end while the clock stands still
        assert counted[-2] == since
    else:
        assert len(counted) == n


@given(calendars(), DAYS, st.integers(1, 60), st.integers(1, 60), st.sampled_from(("wd", "wh")))
def test_unrolled_limits_add_up(calendar: Calendar, day: date, a: int, b: int, unit: str) -> None:
    """I21, as D20 limits it: working days and working hours, neither rolled nor in months."""
    first = count(a_limit(f"{a}{unit}"), on(day), calendar)
    whole = count(a_limit(f"{a + b}{unit}"), on(day), calendar)
    then = on(first.due_on) if first.due_on else Start(first.due_at)
    assert count(a_limit(f"{b}{unit}"), then, calendar).late_from == whole.late_from


@given(calendars(), INSTANTS, st.integers(1, 60), st.sampled_from(("wd", "d", "m", "h", "wh", "min")))
def test_a_longer_limit_never_ends_earlier(calendar: Calendar, instant: datetime, n: int, unit: str) -> None:
    for rule in StartRule:
        try:
            one = count(a_limit(f"{n}{unit}", start_rule=rule), Start(instant), calendar)
            other = count(a_limit(f"{n + 1}{unit}", start_rule=rule), Start(instant), calendar)
        except DeadlineError:
            return
        assert one.late_from < other.late_from
