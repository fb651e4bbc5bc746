"""What the service explains of any clock, `verify` finds true from the object alone: no honest file is called false."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.calendars import load
from services.deadline.rules.facts import Detail, Extended, Fact, Resumed, Suspended
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import (
    Amount,
    AtLongest,
    ExtensionTerms,
    Limit,
    PauseTerms,
    Roll,
    Second,
    StartRule,
)
from services.deadline.rules.verify import differences
from services.deadline.rules.whatif import explained
from services.deadline.stamped import limit_of
from shared.events.limits import LimitTerms

CN, ZONE = load("CN"), ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 1, 20)
"""Spring Festival with its make-up workdays lies ahead."""
AMOUNTS = st.sampled_from(["1wd", "5wd", "20wd", "3d", "15d", "1m", "24h", "5h", "16wh", "90min"]).map(Amount.parse)
PAUSES = PauseTerms("*", Amount.parse("5d"), AtLongest.RESUME), PauseTerms("*")
LIMITS = st.builds(
    lambda amount, **terms: Limit(
        "c", amount, None, zone="Asia/Shanghai", calendar="CN", starts_on=("matter.registered",),
        stops_on=("matter.closed",), source="not verified", **terms,
    ),
    AMOUNTS,
    start_rule=st.sampled_from(StartRule),
    roll=st.sampled_from(Roll),
    day_ends=st.none() | st.just(time(17)),
    cut_off=st.none() | st.just(time(17)),
    warnings=st.sampled_from([(), ("1wd", "25%"), ("2d", "3h")]),
    second=st.none()
    | st.builds(Second, AMOUNTS, st.none(), st.just(StartRule.DAY0), st.just(Roll.NEXT), st.booleans()),
    pauses=st.sampled_from(PAUSES).map(lambda terms: (terms,)),
    extension=st.builds(ExtensionTerms, st.none(), st.just(3), st.booleans(), st.booleans(), st.booleans()),
    restarts_on=st.sampled_from([(), ("correction.received",)]),
)  # fmt: skip
Moment = tuple[datetime, date | None]


def moments(first: int, last: int) -> st.SearchStrategy[Moment]:
    """An instant, or a bare day."""
    days = st.integers(first, last).map(lambda n: FIRST + timedelta(n))
    bare = days.map(lambda day: (datetime.combine(day, time(), ZONE).astimezone(UTC), day))
    hours = st.tuples(days, st.sampled_from([8, 12, 17, 23]))
    exact = hours.map(lambda at: (datetime.combine(at[0], time(at[1]), ZONE).astimezone(UTC), None))
    return st.one_of(bare, exact)


SPANS = st.sampled_from(["2wd", "3d", "5h"]).map(Amount.parse)
ENDS = moments(26, 35).map(lambda moment: moment[1] or moment[0])
HAPPENED: st.SearchStrategy[tuple[str, Moment, Detail | None]] = st.one_of(
    st.tuples(st.just("matter.suspended"), moments(-2, 25), st.builds(Suspended, st.just("x"), st.none(), SPANS)),
    st.tuples(
        st.just("matter.suspended"), moments(-2, 25), st.builds(Suspended, st.just("x"), st.none(), st.none(), ENDS)
    ),
    st.tuples(st.just("matter.resumed"), moments(5, 30), st.just(Resumed())),
    st.tuples(st.just("matter.extended"), moments(0, 25), st.builds(Extended, SPANS, approver=st.just("p1"))),
    st.tuples(st.just("correction.received"), moments(0, 10), st.none()),
    st.tuples(st.just("matter.closed"), moments(5, 30), st.none()),
)  # fmt: skip


def fact(number: int, type_: str, moment: Moment, detail: Detail | None, limits: tuple[Limit, ...] = ()) -> Fact:
    at, on = moment
    return Fact(type_, at, on, ("/a", str(number)), at, f"event-{number}", limits=limits, detail=detail)


@settings(max_examples=300, deadline=None)
@given(LIMITS, moments(0, 3), st.lists(HAPPENED, max_size=5), st.sampled_from([21, 300]))
def test_what_is_explained_of_a_clock_is_found_true(
    limit: Limit, received: Moment, happened: list[tuple[str, Moment, Detail | None]], days: int
) -> None:
    facts = [fact(0, "matter.registered", received, None, (limit,))]
    facts += [fact(number, *each) for number, each in enumerate(happened, 1)]
    now = datetime.combine(FIRST + timedelta(days), time(), UTC)
    for clock in fold(facts, lambda _: CN, now, now).clocks:
        if clock.start is None or clock.course is None or clock.due is None:
            continue
        kept = json.loads(json.dumps(explained(clock.limit, clock.start, clock.course, CN)))
        assert differences(kept, limit_of(LimitTerms.model_validate_json(json.dumps(kept["terms"])))) == []
