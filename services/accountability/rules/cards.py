"""Cards of a limit (R21 to R23): `cards = f(what the deadline service said of the limit)`, folded in order of revision.

                     a ground holds                      no ground holds any more
    (nothing) ──────────────────────► STANDING ◄───────────────────────────────────► REVOKED
                                        │  ▲          it holds again: the same card
                                        └──┘
                     it says something else: told again

The rule of which R22 allows one card for each level is the limit: a clock of the matter, or of one of its stages and
tasks. (Were it each ground apart, a matter decided six days late on which silence was consent would have two red cards
for one delay.) So a limit has at most four cards, or where its item has slips (R23) three of these beside a reminder
and a warning; levels only rise: while a higher one stands none of a lower level is issued. Every order of arrival ends
in the same cards that stand (I8), for what was said is folded anew whenever more is heard; a card whose ground was
known to be untrue before it was heard of is never issued. A case's own limits have rungs and no cards.

A card names who had the matter in hand when the limit passed, red cards too: who comes afterwards is not to blame.
Where a miss is imported history and its source went live before it was overdue, the card for that is live (D9).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.accountability.rules.card_rules import (
    LEVELS,
    SLIPS,
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

Rule = Literal["limit", "repetition", "slip"]
KINDS: tuple[tuple[Rule, Level], ...] = (
    *(("limit", level) for level in LEVELS),
    *(("slip", level) for level in SLIPS),
)
"""What a limit may have a card of, each once (R22)."""
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
    had the matter in hand is said of warnings and misses; that the matter is urgent, of all.
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
    urgent: bool = False


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
    urgent: bool = False


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
_NONE: dict[str, Origin] = {}

Kind = tuple[Rule, Level]
Wanted = tuple[Said, str]
"""What a card must say, and the edition that says so."""


def id_of(limit: UUID, kind: Kind) -> UUID:
    """A red slip is another card than a red card of the same limit."""
    rule, level = kind
    return card_id(limit, level if rule == "limit" else f"{rule}:{level}")


def fold(words: Sequence[Word], editions: tuple[CardEdition, ...]) -> dict[Kind, Wanted]:
    """The cards of one limit that stand by all that was said of it, in any order."""
    found: dict[Kind, Wanted] = {}
    misses: dict[datetime, Word] = {}
    overdue: dict[datetime, dict[str, Origin]] = {}
    deemed: dict[datetime, Origin] = {}
    ordered = sorted(words, key=_revision) if len(words) > 1 else words
    for word in ordered:
        match word.kind:
            case "warned" if not misses:
                _warned(word, in_force(editions, word.due), found)
            case "warned":
                pass
            case "missed":
                misses[word.late_from] = word
            case "untrue" if word.says == NEVER_WAS:
                found.clear()
                misses.clear()
            case "untrue":
                misses.pop(word.late_from, None)
                overdue.pop(word.late_from, None)
            case "overdue":
                overdue.setdefault(word.late_from, {})[word.says] = word.origin
            case "overdue-revoked":
                overdue.get(word.late_from, {}).pop(word.says, None)
            case "deemed":
                deemed[word.late_from] = word.origin
            case "deemed-revoked":
                deemed.pop(word.late_from, None)
    for at, miss in misses.items():
        _missed(miss, overdue.get(at, _NONE), deemed.get(at), in_force(editions, miss.due), found)
    return found


def _warned(word: Word, edition: CardEdition, found: dict[Kind, Wanted]) -> None:
    """The cards of a warning: those of R21, and a slip where the item's slips know one."""
    kinds: list[tuple[Rule, Level | None]] = [("limit", level_of_warning(edition, word.says))]
    if (slips := edition.slips_of(word.item)) is not None:
        kinds.append(("slip", level_of_warning(slips, word.says, urgent=word.urgent)))
    for rule, level in kinds:
        if level is not None and not _reached(found, (rule, level)):
            found[rule, level] = _said(word, ("warned",), word.origin), edition.name


def _missed(
    miss: Word,
    overdue: Mapping[str, Origin],
    deemed: Origin | None,
    edition: CardEdition,
    found: dict[Kind, Wanted],
) -> None:
    """The cards of a miss that stands. What it came to mean after its source had gone live is live, though it is
    imported history itself (D9)."""
    slips = edition.slips_of(miss.item)
    rule: Rule = "limit" if slips is None else "slip"

    def levels(passed: frozenset[str], silent: bool) -> Mapping[Level, tuple[Ground, ...]]:
        return levels_of_miss(
            slips or edition, statutory=miss.says == STATUTORY, overdue=passed, deemed=silent, urgent=miss.urgent
        )

    whole = levels(frozenset(overdue) if overdue else _NEVER, deemed is not None)
    if miss.origin == "live":
        history: Container[Level] = ()
    else:
        history = levels(frozenset(o for o in overdue if overdue[o] == "import"), deemed == "import")
    for level, grounds in whole.items():
        found[rule, level] = _said(miss, grounds, "import" if level in history else "live"), edition.name


def _revision(word: Word) -> int:
    return word.revision


def _reached(found: Mapping[Kind, Wanted], kind: Kind) -> bool:
    """R22: levels only rise, and the first that a warning reached is the one that stays."""
    rule, level = kind
    order = LEVELS if rule == "limit" else SLIPS
    return any(each == rule and order.index(reached) >= order.index(level) for each, reached in found)


def _said(word: Word, grounds: tuple[Ground, ...], origin: Origin) -> Said:
    return Said(
        grounds, word.due, word.late_from, origin, word.item, word.unit, word.person, urgent=word.urgent
    )  # fmt: skip


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
    for kind in KINDS if cards else wanted:
        rule, level = kind
        id = id_of(last.limit.id, kind)
        change = changed(cards.get(id), id, last.limit, rule, level, wanted.get(kind), last.ref, _because(fresh), now)
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
