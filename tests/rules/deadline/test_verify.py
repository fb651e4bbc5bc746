"""An explanation is true of itself, whatever it explains, and whoever edits it is found out."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.explain import digest_of
from services.deadline.rules.limits import Amount, Roll, StartRule
from services.deadline.rules.points import Point, point_of
from services.deadline.rules.span import zone_of
from services.deadline.rules.verify import differences
from services.deadline.rules.whatif import what_if
from services.deadline.stamped import limit_of
from shared.events.limits import LimitTerms
from tests.support.deadline_counting import SHANGHAI, ZONES, a_limit, calendars, on, plain

Told = dict[str, Any]
AMOUNTS = st.sampled_from(("1wd", "20wd", "30d", "3m", "24h", "16wh", "90min"))
LATER = st.sampled_from(("5wd", "10d", "1m"))


def judged(told: Told) -> list[str]:
    return differences(told, limit_of(LimitTerms.model_validate_json(json.dumps(told["terms"]))))


@st.composite
def pauses(draw: st.DrawFn) -> tuple[Point, Point]:
    begin = date(2024, 1, 1) + timedelta(draw(st.integers(0, 60)))
    end = begin + timedelta(draw(st.integers(0, 30)))
    zone = zone_of(SHANGHAI)
    return point_of(begin, zone), point_of(end, zone)


@settings(max_examples=150, deadline=None)
@given(
    calendars(),
    AMOUNTS,
    ZONES,
    st.sampled_from(StartRule),
    st.sampled_from(Roll),
    st.lists(pauses(), max_size=3),
    st.lists(LATER, max_size=2),
    st.integers(0, 40),
)
def test_an_explanation_is_true_of_itself(
    calendar: Calendar,
    amount: str,
    zone: str,
    start_rule: StartRule,
    roll: Roll,
    stretches: list[tuple[Point, Point]],
    extensions: list[str],
    later: int,
) -> None:
    limit = a_limit(amount, zone=zone, start_rule=start_rule, roll=roll, warnings=("3d", "25%"))
    start = on(date(2024, 1, 2) + timedelta(later), zone)
    try:
        why = what_if(limit, start, calendar, stretches, [Amount.parse(each) for each in extensions])
    except DeadlineError:
        return
    assert judged(json.loads(json.dumps(why))) == []


def moved(told: Told) -> None:
    told["due"] = "2024-02-02"


def without_the_pause(told: Told) -> None:
    told["pauses"].clear()


def a_longer_pause(told: Told) -> None:
    told["pauses"][0] |= {"until": "2024-01-20", "ends_at": "2024-01-20T00:00:00+08:00"}


def another_amount(told: Told) -> None:
    told["terms"]["amount"] = "21wd"


def a_holiday_of_its_own(told: Told) -> None:
    told["calendar"]["days"]["rest"]["2024-01-25"] = "a day off"


def an_extension_more(told: Told) -> None:
    told["extensions"].append({**told["extensions"][0], "by": "1wd"})


def received_later(told: Told) -> None:
    told["start"] |= {"on": "2024-01-04", "at": "2024-01-04T00:00:00+08:00"}


@pytest.mark.parametrize(
    "edit",
    [moved, without_the_pause, a_longer_pause, another_amount, a_holiday_of_its_own, an_extension_more, received_later],
)
def test_an_explanation_is_true_of_itself_and_no_edit_of_it_is(edit: Callable[[Told], None]) -> None:
    zone = zone_of(SHANGHAI)
    stretch = point_of(date(2024, 1, 8), zone), point_of(date(2024, 1, 12), zone)
    why = what_if(a_limit("20wd"), on("2024-01-02"), plain(), [stretch], [Amount.parse("10wd")])
    told = json.loads(json.dumps(why))
    assert judged(told) == []
    edit(told)
    assert judged(told)[0].startswith("hash: ")
    told["hash"] = digest_of(told)
    assert judged(told), "with a hash of its own it still does not count so"
