"""Pauses, tasks, watermarks and calendars at the door: what may enter, and with which limits."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.catalogue import Catalogue
from services.intake.rules.facts import Fact
from services.intake.rules.judge import Accepted, Margins, Submission, judge
from services.intake.rules.refusal import Refused
from services.intake.rules.topics import CALENDAR

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MARGINS = Margins(facts=timedelta(minutes=5), holders=timedelta(days=730))
CATALOGUE = Catalogue({}, "CN", ("matter.registered",), ("matter.closed",))
MARK = Submission(
    source="/s", id="1", type="source.watermark", version=1, authority="a", name="watermark", subject="a/watermark",
    issued_at=NOW, data={}, fact=None, replaces=None, canonical="{}", digest=b"", up_to=NOW,
)  # fmt: skip


def stated(type_: str, **fields: Any) -> Accepted | Refused:
    said = {"occurred_at": NOW, "zone": None, "item": None, "due": None, "data": {}, **fields}
    fact = Fact(type=type_, **said)
    return judge(MARK._replace(type=type_, name="m", subject="a/m", fact=fact, up_to=None), CATALOGUE, NOW, MARGINS)


def reasons(judged: Accepted | Refused) -> list[tuple[str, str]]:
    return [] if isinstance(judged, Accepted) else [(reason.code, reason.pointer) for reason in judged.reasons]


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=400)))
def test_a_watermark_confirms_nothing_that_lies_ahead_of_the_clock(ahead: timedelta) -> None:
    judged = judge(MARK._replace(up_to=NOW + ahead), CATALOGUE, NOW, MARGINS)
    assert reasons(judged) == ([("in-the-future", "/data/up_to")] if ahead > MARGINS.facts else [])


def test_a_watermark_is_of_an_authority_and_of_no_matter() -> None:
    judged = judge(MARK._replace(name="2026-0117", subject="a/2026-0117"), CATALOGUE, NOW, MARGINS)
    assert reasons(judged) == [("not-a-watermark", "/subject")]


@pytest.mark.parametrize("type_", ["matter.closed", "task.finished", "miss.confirmed"])
def test_no_matter_has_the_name_of_watermarks(type_: str) -> None:
    fact = Fact(type_, NOW, None, None, None, {})
    judged = judge(MARK._replace(type=type_, fact=fact, up_to=None), CATALOGUE, NOW, MARGINS)
    assert reasons(judged) == [("reserved-subject", "/subject")]
    taken_back = MARK._replace(type="fact.retracted", up_to=None, replaces=("/s", "0"))
    assert reasons(judge(taken_back, CATALOGUE, NOW, MARGINS)) == [("reserved-subject", "/subject")]


def test_a_watermark_is_known_from_the_instant_it_is_about() -> None:
    judged = judge(MARK._replace(up_to=NOW - timedelta(days=3)), CATALOGUE, NOW, MARGINS)
    assert isinstance(judged, Accepted)
    assert (judged.topic, judged.type, judged.known_from) == ("matter-events", "source.watermark", NOW - timedelta(3))


def test_a_calendar_goes_to_a_topic_of_its_own_and_may_be_announced_ahead() -> None:
    judged = stated(CALENDAR, occurred_at=NOW + timedelta(days=60))
    assert isinstance(judged, Accepted)
    assert (judged.topic, judged.stamp) == ("calendar-events", None)


@pytest.mark.parametrize(
    ("zone", "begins", "until", "refused"),
    [
        (None, NOW, NOW - timedelta(seconds=1), True),
        (None, NOW, NOW, False),
        ("Asia/Shanghai", date(2026, 3, 5), date(2026, 3, 4), True),
        ("Asia/Shanghai", date(2026, 3, 5), date(2026, 3, 5), False),
        ("Asia/Shanghai", NOW, date(2026, 3, 5), True),
        (None, NOW, date(2026, 3, 5), False),  # whose day that is cannot be said: the limit's zone decides
    ],
)
def test_a_pause_does_not_end_before_it_begins(zone: str | None, begins: Any, until: Any, refused: bool) -> None:
    judged = stated("matter.suspended", zone=zone, occurred_at=begins, until=until)
    assert reasons(judged) == ([("ends-before-it-begins", "/data/until")] if refused else [])


def test_an_extension_may_go_to_any_day() -> None:
    assert reasons(stated("matter.extended", until=date(2027, 1, 1))) == []


def test_a_tasks_due_is_a_limit_of_its_own_clock_that_only_the_tasks_end_stops() -> None:
    judged = stated("task.assigned", task="t-7", due=date(2026, 3, 9), zone="Asia/Shanghai")
    assert isinstance(judged, Accepted) and judged.stamp is not None and judged.stamp.recorded is not None
    limit = judged.stamp.recorded
    assert (limit.clock, limit.at, limit.zone, limit.calendar) == ("task:t-7", date(2026, 3, 9), "Asia/Shanghai", "CN")
    assert (limit.starts_on, limit.stops_on) == (("task.assigned",), ("task.finished",))


def test_a_tasks_due_needs_the_zone_of_its_day_and_a_task_without_due_needs_none() -> None:
    assert reasons(stated("task.assigned", task="t-7", due=date(2026, 3, 9))) == [("zone-required", "/data/zone")]
    judged = stated("task.assigned", task="t-7")
    assert isinstance(judged, Accepted) and judged.stamp is None
