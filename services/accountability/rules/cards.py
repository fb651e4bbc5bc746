"""Cards of a limit (R21, R22): `cards = f(what the deadline service said of the limit)`, folded in order of revision.

                     a ground holds                      no ground holds any more
    (nothing) ──────────────────────► STANDING ◄───────────────────────────────────► REVOKED
                                        │  ▲          it holds again: the same card
                                        └──┘
                     it says something else: told again

The rule of which R22 allows one card for each level is the limit: a clock of the matter, or of one of its stages and
tasks. (Were it each ground apart, a matter decided six days late on which silence was consent would have two red cards
for one delay.) So a limit has at most four cards; levels only rise: while a higher one stands none of a lower level
is issued. Every order of arrival ends in the same cards that stand (I8), for what was said is folded anew whenever more
is heard; a card whose ground was known to be untrue before it was heard of is never issued. A case's own limits have
rungs and no cards.

A card names who had the matter in hand when the limit passed, red cards too: who comes afterwards is not to blame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.accountability.rules.card_rules import (
    LEVELS,
    CardEdition,
    Ground,
    Level,
    in_force,
    level_of_warning,
    levels_of_miss,
    quarter_of,
)
from services.accountability.rules.identity import card_id
from services.accountability.rules.model import Origin, Ref

Rule = Literal["limit", "repetition"]
WordKind = Literal["warned", "missed", "untrue", "overdue", "overdue-revoked", "deemed", "deemed-revoked"]
Because = Literal["met", "due-moved", "voided", "deemed-revoked", "done-earlier", "overtaken", "fewer-cards"]
NEVER_WAS = "never-was"
"""Said of a limit that has had no effect at all: its registration was retracted, or it is none of the matter's."""
_REASONS: Mapping[str, Because] = {"met": "met", "due-moved": "due-moved", "voided": "voided", NEVER_WAS: "voided"}
_TAKEN_BACK: Mapping[WordKind, Because] = {"deemed-revoked": "deemed-revoked", "overdue-revoked": "done-earlier"}
STATUTORY = "statutory"


class LimitKey(NamedTuple):
    """A clock of a matter (D2); `id` is derived from the rest."""

    authority: str
    matter: str
    clock: str
    subject: str
    id: UUID


class Word(NamedTuple):
    """One thing that the deadline service said of a limit. `says` is the warning, the kind of the limit missed, how
    much it is overdue, or why a miss is untrue; NEVER_WAS of a limit that is untrue as a whole, which has no due. Who
    had the matter in hand is said of warnings and misses.
    """

    limit: LimitKey
    ref: Ref
    revision: int
    kind: WordKind
    says: str
    due: str
    late_from: datetime
    origin: Origin
    item: str | None
    unit: str | None
    person: str | None


class Said(NamedTuple):
    """What a card says."""

    grounds: tuple[Ground, ...]
    due: str
    late_from: datetime
    origin: Origin
    item: str | None
    unit: str | None
    person: str | None
    counted: tuple[str, ...] = ()


class Card(NamedTuple):
    """`revision` counts the card's own events; `cause` is the event by which it is as it is."""

    id: UUID
    limit: LimitKey
    rule: Rule
    level: Level
    said: Said
    rulebook: str
    issued_at: datetime
    revoked_at: datetime | None
    revoked_because: Because | None
    revision: int
    cause: Ref

    @property
    def standing(self) -> bool:
        return self.revoked_at is None

    @property
    def counts_for(self) -> tuple[str, str, str] | None:
        """Of which person, in which quarter, it is one of the yellow cards that may make a red one."""
        if self.level != "yellow" or not self.standing or self.said.person is None:
            return None
        return self.limit.authority, self.said.person, quarter_of(self.said.due)


@dataclass(frozen=True, slots=True)
class CardChange:
    """A card issued, told again or revoked; `before` is the card until then."""

    card: Card
    before: Card | None
    at: datetime


_NEVER: frozenset[str] = frozenset()

Wanted = tuple[Said, str]
"""What a card must say, and the edition that says so."""


def fold(words: Sequence[Word], editions: tuple[CardEdition, ...]) -> dict[Level, Wanted]:
    """The cards of one limit that stand by all that was said of it, in any order."""
    found: dict[Level, Wanted] = {}
    misses: dict[datetime, Word] = {}
    overdue: dict[datetime, set[str]] = {}
    deemed: set[datetime] = set()
    ordered = sorted(words, key=_revision) if len(words) > 1 else words
    for word in ordered:
        match word.kind:
            case "warned":
                edition = in_force(editions, word.due)
                level = level_of_warning(edition, word.says)
                if level is not None and not misses and not _reached(found, level):
                    found[level] = _said(word, ("warned",)), edition.name
            case "missed":
                misses[word.late_from] = word
            case "untrue" if word.says == NEVER_WAS:
                found.clear()
                misses.clear()
            case "untrue":
                misses.pop(word.late_from, None)
                overdue.pop(word.late_from, None)
            case "overdue":
                overdue.setdefault(word.late_from, set()).add(word.says)
            case "overdue-revoked":
                overdue.get(word.late_from, set()).discard(word.says)
            case "deemed":
                deemed.add(word.late_from)
            case "deemed-revoked":
                deemed.discard(word.late_from)
    for at, miss in misses.items():
        edition = in_force(editions, miss.due)
        levels = levels_of_miss(
            edition,
            statutory=miss.says == STATUTORY,
            overdue=frozenset(overdue[at]) if at in overdue else _NEVER,
            deemed=at in deemed,
        )
        for level, grounds in levels.items():
            found[level] = _said(miss, grounds), edition.name
    return found


def _revision(word: Word) -> int:
    return word.revision


def _reached(found: Mapping[Level, Wanted], level: Level) -> bool:
    """R22: levels only rise, and the first that a warning reached is the one that stays."""
    return any(LEVELS.index(each) >= LEVELS.index(level) for each in found)


def _said(word: Word, grounds: tuple[Ground, ...]) -> Said:
    return Said(grounds, word.due, word.late_from, word.origin, word.item, word.unit, word.person)


def decide(
    fresh: Sequence[Word],
    kept: Sequence[Word],
    cards: Mapping[UUID, Card],
    editions: tuple[CardEdition, ...],
    now: datetime,
) -> list[CardChange]:
    """What `fresh` words of one limit change, beside those kept from before and the `cards` that it has."""
    last = max(fresh, key=_revision) if len(fresh) > 1 else fresh[0]
    wanted = fold((*kept, *fresh), editions)
    found = []
    for level in LEVELS if cards else wanted:
        want = wanted.get(level)
        id = card_id(last.limit.id, level)
        change = changed(cards.get(id), id, last.limit, "limit", level, want, last.ref, _because(fresh), now)
        if change is not None:
            found.append(change)
    return found


def _because(fresh: Sequence[Word]) -> Because:
    """Why no ground holds any more; a card of a warning falls where a higher one turns out to have come before it."""
    taken_back = [word for word in fresh if word.kind == "untrue" or word.kind in _TAKEN_BACK]
    if not taken_back:
        return "overtaken"
    last = max(taken_back, key=_revision)
    return _TAKEN_BACK.get(last.kind) or _REASONS[last.says]


def changed(
    card: Card | None,
    id: UUID,
    limit: LimitKey,
    rule: Rule,
    level: Level,
    want: Wanted | None,
    cause: Ref,
    because: Because,
    now: datetime,
) -> CardChange | None:
    """From the card as it is to what is wanted. A card is never deleted (R22), and keeps the edition it was issued by
    as long as it stands."""
    if want is None:
        if card is None or not card.standing:
            return None
        gone = card._replace(revoked_at=now, revoked_because=because, revision=card.revision + 1, cause=cause)
        return CardChange(gone, card, now)
    said, edition = want
    if card is None:
        return CardChange(Card(id, limit, rule, level, said, edition, now, None, None, 1, cause), None, now)
    if card.standing and card.said == said:
        return None
    again = card._replace(
        said=said, rulebook=card.rulebook if card.standing else edition, revoked_at=None, revoked_because=None,
        revision=card.revision + 1, cause=cause,
    )  # fmt: skip
    return CardChange(again, card, now)
