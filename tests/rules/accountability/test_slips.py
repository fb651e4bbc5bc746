"""Slips of directives (R23), by the shipped rulebook: they rise like cards, and are cards of another edition."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid5

import pytest

from services.accountability.config import SHIPPED
from services.accountability.rulebook import load
from services.accountability.rules.cards import KINDS, NEVER_WAS, LimitKey, Said, Word, WordKind, decide, fold, id_of
from services.accountability.rules.model import Origin, Ref

EDITIONS = load(SHIPPED).cards
LIMIT = LimitKey("a", "D-1", "recorded", "", uuid5(UUID(int=0), "limit"))
LATE = datetime(2026, 4, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def word(
    n: int,
    kind: WordKind,
    says: str = "promised",
    *,
    item: str = "directive",
    urgent: bool = False,
    origin: Origin = "live",
) -> Word:
    return Word(
        LIMIT, Ref("/duban/deadline", f"e{n}"), n, kind, says, "2026-03-31", LATE, origin, item, "planning", "p-clerk",
        urgent,
    )  # fmt: skip


def slips(*words: Word) -> list[str]:
    return sorted(level for rule, level in fold(words, EDITIONS) if rule == "slip")


def cards(*words: Word) -> list[str]:
    return sorted(level for rule, level in fold(words, EDITIONS) if rule == "limit")


def life(*, urgent: bool = False) -> list[Word]:
    """A directive that nobody carries out."""
    said: list[tuple[WordKind, str]] = [
        ("warned", "25%"), ("warned", "1wd"), ("missed", "promised"), ("overdue", "5wd"), ("overdue", "10wd"),
    ]  # fmt: skip
    return [word(n, kind, says, urgent=urgent) for n, (kind, says) in enumerate(said, start=1)]


@pytest.mark.parametrize(
    ("urgent", "rising"),
    [
        (False, [[], [], ["blue"], ["blue", "orange"], ["blue", "orange", "red"]]),
        (True, [[], [], ["orange"], ["orange", "red"], ["orange", "red"]]),
    ],
)
def test_a_directive_slips_from_blue_to_red_and_an_urgent_one_starts_at_orange(
    urgent: bool, rising: list[list[str]]
) -> None:
    said = life(urgent=urgent)
    assert [slips(*said[:n]) for n in range(1, 6)] == rising


def test_a_directive_has_reminders_like_any_other_matter_and_no_yellow_or_red_card() -> None:
    assert cards(*life()) == ["reminder", "warning"]
    licence = [each._replace(item="general-licence") for each in life(urgent=True)]
    assert (cards(*licence), slips(*licence)) == (["red", "reminder", "warning", "yellow"], [])


def test_no_slip_counts_among_the_yellow_cards_of_a_person() -> None:
    made = decide(life(), (), {}, EDITIONS, NOW)
    assert {change.card.rule for change in made} == {"limit", "slip"}
    assert [change.card.counts_for for change in made] == [None] * 5


def test_in_whatever_order_it_is_heard_the_same_slips_stand_and_a_slip_is_revoked_and_never_deleted() -> None:
    said = [*life(), word(6, "overdue-revoked", "10wd")]
    for order in permutations(said):
        assert slips(*order) == ["blue", "orange"]
    standing = {change.card.id: change.card for change in decide(life(), (), {}, EDITIONS, NOW)}
    (gone,) = decide(said[5:], life(), standing, EDITIONS, NOW)
    assert (gone.card.level, gone.card.revoked_because, gone.card.revision) == ("red", "done-earlier", 2)
    assert slips(*life(), word(6, "untrue", NEVER_WAS)) == []


def test_a_red_slip_is_another_card_than_a_red_card_of_the_same_limit() -> None:
    assert len({id_of(LIMIT.id, kind) for kind in KINDS}) == len(KINDS) == 7


def test_a_directive_corrected_to_be_urgent_has_its_slips_anew() -> None:
    before = life()[:3]
    standing = {change.card.id: change.card for change in decide(before, (), {}, EDITIONS, NOW)}
    changes = decide([word(4, "missed", urgent=True)], before, standing, EDITIONS, NOW)
    assert {(c.card.level, c.card.standing) for c in changes} == {("blue", False), ("orange", True)}


@pytest.mark.parametrize(
    ("missed", "overdue", "origins"),
    [
        ("import", "import", {"blue": "import", "orange": "import"}),
        ("import", "live", {"blue": "import", "orange": "live"}),
        ("live", "live", {"blue": "live", "orange": "live"}),
    ],
)
def test_what_comes_of_imported_history_after_it_went_live_is_live(
    missed: Origin, overdue: Origin, origins: dict[str, Origin]
) -> None:
    found = fold([word(1, "missed", origin=missed), word(2, "overdue", "5wd", origin=overdue)], EDITIONS)
    assert {level: said.origin for (_, level), (said, _) in found.items()} == origins


def test_a_slip_says_that_its_matter_is_urgent() -> None:
    said: Said = fold(life(urgent=True), EDITIONS)["slip", "orange"][0]
    assert (said.urgent, said.grounds, said.person) == (True, ("promised-passed",), "p-clerk")
