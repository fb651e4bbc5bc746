"""When a text may be erased (R31), and that it takes two (I20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.retention import (
    GROUNDS,
    Erase,
    Ground,
    KeptText,
    Proposal,
    Propose,
    Refused,
    kept_until,
    on_erasure,
)

KEPT = datetime(2026, 3, 4, tzinfo=UTC)
TEXT = KeptText(UUID(int=1), KEPT, None, held=False, erased=False)
LATER = datetime(2036, 3, 4, tzinfo=UTC)
BASIS = "personal information law, article 47"


def asked(
    text: KeptText, by: str = "a", ground: Ground | None = None, now: datetime = LATER, *proposals: Proposal
) -> Refused | Propose | Erase:
    return on_erasure([text], by, BASIS, ground, proposals, 10, now)


def test_after_ten_years_a_text_may_be_erased_and_not_a_moment_before() -> None:
    assert asked(TEXT) == Propose()
    refused = asked(TEXT, now=LATER - timedelta(microseconds=1))
    assert refused == Refused("retention", (TEXT.id,), LATER)


def test_the_years_count_from_the_last_event_of_its_case() -> None:
    text = replace(TEXT, last_event_at=KEPT + timedelta(days=400))
    assert kept_until(text, 10) == datetime(2037, 4, 8, tzinfo=UTC)
    assert kept_until(replace(TEXT, kept_at=datetime(2028, 2, 29, tzinfo=UTC)), 11) == datetime(2039, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_legal_ground_shortens_the_years_and_lifts_no_hold(ground: Ground) -> None:
    assert asked(TEXT, ground=ground, now=KEPT) == Propose()
    assert asked(replace(TEXT, held=True), ground=ground) == Refused("legal-hold", (TEXT.id,))


def test_what_is_erased_is_not_erased_again() -> None:
    assert asked(replace(TEXT, erased=True)) == Refused("erased-already", (TEXT.id,))


def test_it_takes_another_person_who_says_the_same() -> None:
    proposal = Proposal(UUID(int=9), "a", BASIS, None)
    assert asked(TEXT, "a", None, LATER, proposal) == Refused("same-person")
    assert asked(TEXT, "b", None, LATER, proposal) == Erase(proposal.id)
    assert asked(TEXT, "b", "court-order", LATER, proposal) == Propose()
    assert asked(TEXT, "b", None, LATER, replace(proposal, legal_basis="another")) == Propose()


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*GROUNDS, None]))),
    st.booleans(),
    st.integers(0, 4000),
    st.sampled_from([*GROUNDS, None]),
)
def test_nobody_erases_alone_nor_under_a_hold_nor_early_without_a_ground(
    proposed: list[tuple[str, Ground | None]], held: bool, days: int, ground: Ground | None
) -> None:
    proposals = [Proposal(UUID(int=n), by, BASIS, why) for n, (by, why) in enumerate(proposed)]
    now = KEPT + timedelta(days=days)
    found = on_erasure([replace(TEXT, held=held)], "a", BASIS, ground, proposals, 10, now)
    if isinstance(found, Erase):
        confirmed = next(p for p in proposals if p.id == found.confirms)
        assert confirmed.by != "a"
        assert confirmed.ground == ground
        assert not held
        assert ground is not None or now >= LATER
