"""For how long each pair of hands had a matter: in the time that the limit counts, pauses left out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.deadline.rules.clock import Clock
from services.deadline.rules.conduct import Act, Team
from services.deadline.rules.errors import YearNotCovered
from services.deadline.rules.facts import Detail, Fact, Resumed, Suspended
from services.deadline.rules.fold import fold
from services.deadline.rules.holdings_net import net_minutes
from services.deadline.rules.limits import Amount, Limit, PauseTerms, Roll, StartRule, Unit
from services.deadline.rules.statement import digest, missed, stated
from tests.support.deadline_facts import CALENDAR, SHANGHAI

ZONE = ZoneInfo(SHANGHAI)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 390
"""Minutes of an office day: 9 to 12, 13:30 to 17."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE).astimezone(UTC)


def limit(amount: str = "5wd", **more: Any) -> Limit:
    found = Limit(
        clock="decision", amount=Amount.parse(amount), at=None, start_rule=StartRule.DAY0, roll=Roll.NONE,
        zone=SHANGHAI, day_ends=None, calendar="X", starts_on=("matter.registered",), stops_on=("matter.closed",),
        warnings=(), source="not verified", pauses=(PauseTerms("hearing"),),
    )  # fmt: skip
    return replace(found, **more)


def fact(type_: str, when: str, person: str | None = None, detail: Detail | None = None, **more: Any) -> Fact:
    name = f"{type_}-{when}"
    found = Fact(type_, at(when), None, ("/a", name), at(when), f"event-{name}", person=person, detail=detail)
    return found._replace(**more)


def registered(stated: Limit, when: str = "03-02 10:00", **more: Any) -> Fact:
    return fact("matter.registered", when, "p1", unit="u1", limits=(stated,), **more)


def clock(*facts: Fact) -> Clock:
    (found,) = fold(facts, lambda _: CALENDAR, NOW, NOW).clocks
    return found


def net(*facts: Fact) -> list[int] | None:
    """What a miss tells of the hands, in their order."""
    found: list[int] | None = stated("A", "1", clock(*facts)).get("net")
    return found


def test_of_one_pair_of_hands_nothing_is_counted() -> None:
    assert net(registered(limit())) is None


def test_working_days_are_shared_out_by_office_hours_from_the_day_after_receipt() -> None:
    found = net(registered(limit()), fact("matter.assigned", "03-04 12:00", "p2"))
    assert found == [DAY + 180, 3 * DAY + 210]
    assert sum(found) == 5 * DAY


def test_who_had_it_only_before_the_count_began_had_none_of_it() -> None:
    assert net(registered(limit()), fact("matter.assigned", "03-02 16:00", "p2")) == [0, 5 * DAY]


def test_the_days_of_a_pause_are_nobodys() -> None:
    facts = (
        registered(limit()), fact("matter.assigned", "03-04 08:00", "p2"),
        fact("matter.suspended", "03-03 10:00", detail=Suspended("hearing")),
        fact("matter.resumed", "03-05 10:00", detail=Resumed()),
    )  # fmt: skip
    assert net(*facts) == [DAY, 4 * DAY]  # the day of the suspension counts, those up to the resumption do not (R9)


def test_natural_days_are_shared_out_by_elapsed_time() -> None:
    assert net(registered(limit("3d")), fact("matter.assigned", "03-04 06:00", "p2")) == [30 * 60, 42 * 60]


def test_working_hours_begin_with_the_receipt() -> None:
    assert net(registered(limit("10wh")), fact("matter.assigned", "03-02 11:00", "p2")) == [60, 540]


def test_the_same_miss_is_told_with_the_minutes_and_again_when_they_change() -> None:
    one = stated("A", "1", clock(registered(limit()), fact("matter.assigned", "03-04 12:00", "p2")))
    other = stated("A", "1", clock(registered(limit()), fact("matter.assigned", "03-04 11:00", "p2")))
    assert [h["net_minutes"] for h in missed(one)["holdings"]] == [570, 1380]
    assert digest(one) != digest(other)


def test_acts_and_team_are_told_as_of_the_due_and_a_corrected_act_keeps_its_name() -> None:
    def opinion(when: str, stance: str) -> Act:
        return Act("opinion", at(when), stance, ("/a", "?"), "?", at(when), "p3", "reviewer")

    facts = (
        registered(limit(), detail=Team(first_contact="f")),
        fact("team.named", "03-03 09:00", detail=Team(project_manager="m", assisting_units=("u2",))),
        fact("opinion.given", "03-04 09:00", detail=opinion("03-04 09:00", "hold")),
        fact("opinion.given", "03-20 09:00", detail=opinion("03-20 09:00", "grant")),
        fact("team.named", "03-20 09:00", detail=Team(project_manager="too-late")),
    )  # fmt: skip
    said = missed(stated("A", "1", clock(*facts)))
    assert [act["fact"]["id"] for act in said["acts"]] == ["opinion.given-03-04 09:00"]
    assert said["team"] == {"assisting_units": ["u2"], "project_manager": "m", "first_contact": "f"}


def test_a_calendar_that_cannot_say_shares_nothing_out() -> None:
    found = clock(registered(limit()), fact("matter.assigned", "03-04 12:00", "p2"))
    assert found.course is not None and found.start is not None
    far = found.holdings[0]._replace(since=at("03-03 00:00"))
    narrow = replace(CALENDAR, covers=(2025, 2025), published=(2025, 2025))
    with pytest.raises(YearNotCovered):
        narrow.is_working_day(date(2026, 3, 3))
    assert net_minutes(found.limit, found.start, found.course, (far, *found.holdings), narrow) is None


@given(
    hands=st.lists(st.integers(0, 60 * 24 * 20), max_size=6, unique=True),
    amount=st.sampled_from(("3wd", "12wd", "9d", "20wh")),
    rule=st.sampled_from(StartRule),
    pause=st.none() | st.tuples(st.integers(0, 8000), st.integers(1, 8000)),
)
def test_shares_make_the_whole_and_agree_with_a_count_by_the_minute(
    hands: Sequence[int], amount: str, rule: StartRule, pause: tuple[int, int] | None
) -> None:
    began = at("03-02 10:00")
    facts = [registered(limit(amount, start_rule=rule))]
    for n, minutes in enumerate(sorted(hands)):
        moment = began + timedelta(minutes=minutes + 1)
        facts.append(fact("matter.assigned", "03-02 10:00", f"q{n}")._replace(occurred=moment, identity=("/h", str(n))))
    if pause is not None:
        since = began + timedelta(minutes=pause[0])
        facts.append(fact("matter.suspended", "03-02 10:00", detail=Suspended("hearing"))._replace(occurred=since))
        facts.append(
            fact("matter.resumed", "03-02 10:00", detail=Resumed())._replace(
                occurred=since + timedelta(minutes=pause[1])
            )
        )
    found, told = clock(*facts), net(*facts)
    if told is not None:
        assert told == [_by_the_minute(found, h.since, h.until, pause, began) for h in found.holdings]


def _by_the_minute(
    of: Clock, since: datetime, until: datetime | None, pause: tuple[int, int] | None, began: datetime
) -> int:
    """Every minute of these hands that lies in the count."""
    assert of.due is not None and of.limit.amount is not None
    by_days = of.due.due_on is not None
    elapsed = of.limit.amount.unit is Unit.NATURAL_DAYS
    stops = began + timedelta(minutes=pause[0]) if pause else None
    goes_on = stops + timedelta(minutes=pause[1]) if pause and stops else None
    first = of.due.counted_from
    total, moment = 0, max(since, began - timedelta(days=1))
    end = of.due.late_from if until is None else min(until, of.due.late_from)
    while moment + timedelta(minutes=1) <= end:
        local = moment.astimezone(ZONE)
        day, clock_time = local.date(), local.time()
        if by_days:
            counts = day > first or (day == first and of.limit.start_rule is StartRule.INCLUSIVE)
            halted = stops and goes_on and stops.astimezone(ZONE).date() < day <= goes_on.astimezone(ZONE).date()
        else:
            counts = moment >= began
            halted = stops and goes_on and stops <= moment < goes_on
        worked = CALENDAR.is_working_day(day) and (
            time(9) <= clock_time < time(12) or time(13, 30) <= clock_time < time(17)
        )
        if counts and not halted and (worked or elapsed):
            total += 1
        moment += timedelta(minutes=1)
    return total
