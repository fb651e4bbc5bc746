"""From when on a source can be live, and what is live with it (D9)."""

from datetime import UTC, datetime, timedelta

import pytest

from services.accountability.rules.going_live import lives, refusal

NOW = datetime(2026, 1, 9, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "before", "why"),
    [
        (NOW, [], None),
        (NOW - 24 * HOUR, [], None),
        (NOW + timedelta(microseconds=1), [], "ahead"),
        (NOW - 25 * HOUR, [], "too-far-back"),
        (NOW - HOUR, [NOW], "before-the-last"),
        (NOW, [NOW - HOUR], None),
    ],
)
def test_an_instant_is_neither_ahead_nor_far_back_nor_before_the_last(
    at: datetime, before: list[datetime], why: str | None
) -> None:
    assert refusal(at, NOW, before) == why


def test_what_falls_due_when_its_source_is_live_is_live() -> None:
    assert lives(NOW, [NOW]) and lives(NOW + HOUR, [NOW])
    assert not lives(NOW - HOUR, [NOW]) and not lives(NOW, [])
