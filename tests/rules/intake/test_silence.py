"""A publisher is missed by its own habit: nights and weekends are no silence, and a silence teaches little."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.silence import FIRST_GAP, Heard, Patience, hear, judge, silent_from

PATIENCE = Patience(at_least=timedelta(hours=1), gone_after=timedelta(days=30))
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def after(*instants: datetime) -> Heard:
    """A source that was heard then."""
    heard = None
    for at in instants:
        heard = hear(heard, "/s", at)
    assert heard is not None
    return heard


def office(weeks: int) -> list[datetime]:
    """Every ten minutes of office hours, from Monday on; the last receipt is on a Friday at 17:00."""
    days = [MONDAY + week * 7 * DAY + day * DAY for week in range(weeks) for day in range(5)]
    return [day + timedelta(minutes=10 * n) for day in days for n in range(49)]


def test_the_first_weekend_of_a_new_source_is_no_silence() -> None:
    friday = after(*office(1))
    assert judge(friday, friday.at + 64 * HOUR, PATIENCE) == "heard"


def test_nights_and_weekends_are_never_silence_and_a_second_week_without_a_word_is() -> None:
    heard = None
    for at in office(8):
        if heard is not None:
            assert judge(heard, at, PATIENCE) == "heard", at
        heard = hear(heard, "/s", at)
    assert heard is not None
    assert judge(heard, heard.at + 7 * DAY, PATIENCE) == "silent"


def test_who_sends_every_minute_is_missed_within_hours_once_that_is_known() -> None:
    heard = after(*(MONDAY + timedelta(minutes=n) for n in range(28 * 24 * 60)))
    assert judge(heard, heard.at + timedelta(minutes=59), PATIENCE) == "heard"
    assert judge(heard, heard.at + 10 * HOUR, PATIENCE) == "silent"


def test_a_silent_source_is_gone_in_the_end_and_is_heard_again() -> None:
    heard = after(MONDAY)
    late = silent_from(heard, PATIENCE)
    assert judge(heard, late, PATIENCE) == "heard"
    assert judge(heard, late + timedelta(seconds=1), PATIENCE) == "silent"
    assert judge(heard, late + 30 * DAY + timedelta(seconds=1), PATIENCE) == "gone"
    again = hear(heard, "/s", late + 40 * DAY)
    assert judge(again, again.at, PATIENCE) == "heard"


def test_an_outage_does_not_make_the_next_one_unseen() -> None:
    heard = after(MONDAY, MONDAY + 365 * DAY)
    assert heard.usual_gap == 2 * FIRST_GAP


@given(st.lists(st.integers(-600, 10_000_000), min_size=1, max_size=30))
def test_whatever_the_order_of_receipts_the_latest_counts_and_a_gap_is_positive(steps: list[int]) -> None:
    at, latest, heard = MONDAY, None, None
    for step in steps:
        at += timedelta(seconds=step)
        latest = at if latest is None else max(at, latest)
        heard = hear(heard, "/s", at)
        assert heard.usual_gap > timedelta(0)
        assert heard.at == latest
    assert heard is not None and judge(heard, heard.at, PATIENCE) == "heard"
