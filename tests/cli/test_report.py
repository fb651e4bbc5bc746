"""The report's judgements (D6), and that it says nothing that had not happened as of its instant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.replay.report import Case, Clock, Outcome, outcome_of, row_of, written

ZONE = "America/New_York"
CASE = Case("c-1", "duty officer", None, "head")
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


LATE_FROM = at("2017-08-02T00:00:00-04:00")


def clock(
    *,
    due: date | datetime = date(2017, 8, 1),
    late_from: datetime = LATE_FROM,
    done: date | datetime | None = None,
    withdrawn: bool = False,
    case: Case | None = None,
) -> Clock:
    return Clock("m", "handling", "", due, late_from, ZONE, done, withdrawn, case)


@pytest.mark.parametrize(
    ("done", "withdrawn", "as_of", "expected"),
    [
        (date(2017, 8, 1), False, "2018-01-01T00:00:00Z", Outcome.MET),
        (date(2017, 8, 2), False, "2018-01-01T00:00:00Z", Outcome.LATE),
        (at("2017-08-01T23:59:59-04:00"), False, "2018-01-01T00:00:00Z", Outcome.MET),
        (at("2017-08-02T00:00:00-04:00"), False, "2018-01-01T00:00:00Z", Outcome.LATE),
        (date(2017, 8, 1), True, "2018-01-01T00:00:00Z", Outcome.VOID),
        (date(2017, 8, 2), True, "2018-01-01T00:00:00Z", Outcome.LATE),
        (None, False, "2017-08-02T03:59:59Z", Outcome.OPEN),
        (None, False, "2017-08-02T04:00:00Z", Outcome.OVERDUE),
    ],
)
def test_the_outcome_of_a_day_limit(
    done: date | datetime | None, withdrawn: bool, as_of: str, expected: Outcome
) -> None:
    assert outcome_of(clock(done=done, withdrawn=withdrawn), at(as_of)) is expected


def test_done_at_the_stated_instant_is_in_time_and_a_microsecond_later_is_late() -> None:
    due = at("2015-01-16T08:30:00-05:00")
    for done, expected in ((due, Outcome.MET), (due + MICROSECOND, Outcome.LATE)):
        stated = clock(due=due, late_from=due + MICROSECOND, done=done)
        assert outcome_of(stated, at("2016-01-01T00:00:00Z")) is expected


def test_what_is_done_after_as_of_is_not_done_yet() -> None:
    later = clock(done=date(2017, 8, 20), case=CASE)
    assert row_of(later, at("2017-08-10T00:00:00-04:00"))[4:7] == ("", "overdue", "c-1")
    assert row_of(later, at("2017-08-01T00:00:00-04:00"))[4:7] == ("", "open", "")


def test_a_row_is_written_in_the_clocks_own_zone() -> None:
    due = at("2015-07-16T12:30:00+00:00")
    stated = clock(due=due, late_from=due + MICROSECOND, done=at("2015-01-16T12:30:00+00:00"))
    row = row_of(stated, at("2016-01-01T00:00:00Z"))
    assert row == ("m", "handling", "", "2015-07-16T08:30:00-04:00", "2015-01-16T07:30:00-05:00", "met", "", "", "")


def test_a_vacant_post_is_a_dash() -> None:
    row = row_of(clock(done=date(2017, 8, 3), case=CASE), at("2018-01-01T00:00:00Z"))
    assert row[5:] == ("late", "c-1", "standing", "direct=duty officer;leading=-;principal=head")


def test_a_case_that_stands_for_a_met_clock_would_be_seen() -> None:
    assert row_of(clock(done=date(2017, 8, 1), case=CASE), at("2018-01-01T00:00:00Z"))[5:7] == ("met", "c-1")


instants = st.datetimes(datetime(2016, 1, 1), datetime(2018, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(2016, 1, 1), date(2018, 1, 1))


@given(instants, st.none() | instants | days, st.booleans(), instants, instants)
def test_time_only_settles_what_was_unsettled(
    late_from: datetime, done: date | datetime | None, withdrawn: bool, one: datetime, other: datetime
) -> None:
    """Seen later, open may become anything, overdue only late, and the rest stays what it was."""
    earlier, later = sorted((one, other))
    judged = clock(due=late_from - MICROSECOND, late_from=late_from, done=done, withdrawn=withdrawn)
    before, after = outcome_of(judged, earlier), outcome_of(judged, later)
    if before is Outcome.OVERDUE:
        assert after in (Outcome.OVERDUE, Outcome.LATE)
    elif before is not Outcome.OPEN:
        assert after is before


@given(instants)
def test_what_is_written_is_the_same_instant(when: datetime) -> None:
    assert datetime.fromisoformat(written(when, ZONE)) == when
