"""Which notices of a storm are told by a digest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.rules.digests import Given, Ration, begins, digest_id, gathered

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told_before", "expected"), [(0, ["d", "e"]), (1, ["c", "d", "e"]), (3, ["a", "b", "c", "d", "e"])]
)
def test_what_exceeds_the_ration_is_gathered(told_before: int, expected: list[str]) -> None:
    coming = ["a", "b", "c", "d", "e"]
    assert gathered(Ration(3, HOUR), coming, Given(NOON, told_before + 5)) == expected


@given(st.integers(1, 10), st.lists(st.integers(0, 12)))
def test_however_they_come_as_many_as_the_ration_are_told_by_themselves(most: int, batches: list[int]) -> None:
    told = alone = 0
    for size in batches:
        told += size
        alone += size - len(gathered(Ration(most, HOUR), map(str, range(size)), Given(NOON, told)))
    assert alone == min(most, told)


def test_windows_begin_at_multiples_of_their_length_whatever_the_zone() -> None:
    ration = Ration(3, HOUR)
    assert begins(ration, NOON) == NOON == begins(ration, NOON + HOUR - timedelta(microseconds=1))
    late = datetime.fromisoformat("2026-03-10T20:59:59+08:00")
    assert begins(ration, late) == NOON
    assert digest_id("li", "inbox", begins(ration, late)) == digest_id("li", "inbox", NOON)
    assert (
        len({digest_id("li", "inbox", NOON), digest_id("li", "inbox", NOON + HOUR), digest_id("wu", "inbox", NOON)})
        == 3
    )
