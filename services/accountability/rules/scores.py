"""The monthly score of a unit out of 100 (R24), with every line that made it: the unit can check and contest it.

A limit's month is that of its due as it is written, in the limit's own zone: each limit counts once, and a month that
is over changes only by what is learned late. A score is worked out of what stands whenever it is asked for, and kept
nowhere: the same facts give the same score, whatever their order of arrival. A card that was revoked counts no more.
All figures are the rulebook's (docs/rulebook.md).

    volume    the unit's limits due in the month that ended, or were missed: have a yellow or red card or a slip; of
              several that one act ended only what was due first: a decision may be early for the statutory limit and
              late for the promised one
    early     ended at least so long before it would have been too late
    warned    has a warning card; a run of so many in the order of their dues, with no other limit between them
    missing   names no item, or has a card that names nobody in whose hands the matter was
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from services.accountability.rules.card_rules import LEVELS, SLIPS, Level
from services.accountability.rules.cards import Rule

Code = Literal["warnings", "yellow", "red", "slips", "early", "missing"]
Missing = Literal["item", "person"]
_Key = tuple[datetime, str, str, str]
"""A limit without what is only said of it."""


@dataclass(frozen=True, slots=True)
class ScoreEdition:
    """One version of the rules, for the months that begin while it is in force. Points are signed: those of a run of
    `in_a_row` warnings, of a card, of each whole `early_percent` of the volume that was early, and of each whole
    `missing_percent` of which something of `missing_of` is missing, together `missing_most`. `each_card`: every card of
    a limit counts; else of those of one limit and rule the highest."""

    name: str
    effective_from: date
    begins_at: int
    least: int
    most: int
    in_a_row: int
    run_points: int
    yellow_points: int
    red_points: int
    slip_points: Mapping[Level, int]
    each_card: bool
    early_by: timedelta
    early_percent: int
    early_points: int
    missing_of: tuple[Missing, ...]
    missing_percent: int
    missing_points: int
    missing_most: int


class Limit(NamedTuple):
    """A clock of a matter, and when it was due, as written. Sorts in the order of the dues."""

    late_from: datetime
    matter: str
    clock: str
    subject: str
    due: str
    item: str | None

    @property
    def month(self) -> str:
        """That of the due, such as 2026-10."""
        return self.due[:7]


class Ended(NamedTuple):
    """A limit that ended, in time or late; `unit` had the matter then. `at` is the act as it is written: a bare date,
    or an instant with its offset."""

    limit: Limit
    unit: str | None
    at: str

    def is_early(self, by: timedelta) -> bool:
        """So long before it would have been too late; of an act of which only the day is known, before the due day."""
        if "T" not in self.at:
            return date.fromisoformat(self.at) + by <= date.fromisoformat(self.limit.due[:10])
        return self.limit.late_from - datetime.fromisoformat(self.at) >= by


class Carded(NamedTuple):
    """A card that stands."""

    id: str
    limit: Limit
    rule: Rule
    level: Level
    person: str | None


class Counted(NamedTuple):
    """A limit that a line counts: by which card, for what is missing of it."""

    limit: Limit
    card: str | None = None
    missing: tuple[Missing, ...] = ()


class Line(NamedTuple):
    """`points` for `times` times what the edition says. `of` is what a share is of: the volume."""

    code: Code
    points: int
    times: int
    counted: tuple[Counted, ...]
    of: int | None = None


class Score(NamedTuple):
    """`sum` is what the lines make of where the edition begins; `points` keeps within its bounds. None of a unit of
    which nothing was due: it is neither good nor bad."""

    points: int | None
    sum: int
    volume: int
    lines: tuple[Line, ...]


def in_force(editions: Sequence[ScoreEdition], month: str) -> ScoreEdition | None:
    """By the month's first day, never by when it is asked for (D4); before the first edition there is none."""
    first = date.fromisoformat(f"{month}-01")
    return next((edition for edition in reversed(editions) if edition.effective_from <= first), None)


def score(edition: ScoreEdition, unit: str, month: str, ended: Iterable[Ended], cards: Sequence[Carded]) -> Score:
    """Of a unit in a month. `ended` are all limits that ended of its matters, whoever ended them and whenever they were
    due; `cards` those that stand for the unit's limits of the month."""
    missed = {card.limit[:4] for card in cards if card.level in ("yellow", "red") or card.rule == "slip"}
    closed = [e for e in closures(ended) if (e.unit, e.limit.month) == (unit, month) and e.limit[:4] not in missed]
    volume = _ordered([*(e.limit for e in closed), *(card.limit for card in cards if card.limit[:4] in missed)])
    warned = {card.limit[:4]: card for card in cards if card.level == "warning"}
    lines = [
        _warnings(edition, _ordered([*volume, *(card.limit for card in warned.values())]), warned),
        *_cards(edition, cards),
        _early(edition, closed, len(volume)),
        _missing(edition, volume, cards),
    ]
    told = tuple(line for line in lines if line.counted)
    total = edition.begins_at + sum(line.points for line in told)
    points = min(max(total, edition.least), edition.most) if volume or told else None
    return Score(points, total, len(volume), told)


def _ordered(limits: Iterable[Limit]) -> list[Limit]:
    """Each once, in the order of their dues."""
    return sorted({limit[:4]: limit for limit in limits}.values(), key=_key)


def _key(limit: Limit) -> _Key:
    return limit[:4]


def closures(ended: Iterable[Ended]) -> list[Ended]:
    """One for each act that ends limits of a matter, or of a part of it: of the limit that was due first."""
    first: dict[tuple[str, str, str], Ended] = {}
    for each in sorted(ended, key=lambda each: each.limit[:4]):
        first.setdefault((each.limit.matter, each.limit.subject, each.at), each)
    return list(first.values())


def _warnings(edition: ScoreEdition, limits: Sequence[Limit], warned: Mapping[_Key, Carded]) -> Line:
    """So many in a row, each in one run."""
    counted: list[Counted] = []
    run: list[Counted] = []
    for limit in limits:
        card = warned.get(limit[:4])
        run = [] if card is None else [*run, Counted(limit, card.id)]
        if len(run) == edition.in_a_row:
            counted += run
            run = []
    times = len(counted) // edition.in_a_row
    return Line("warnings", times * edition.run_points, times, tuple(counted))


def _cards(edition: ScoreEdition, cards: Sequence[Carded]) -> Iterator[Line]:
    highest: dict[tuple[_Key, Rule], Carded] = {}
    for card in sorted(cards, key=lambda card: (SLIPS if card.rule == "slip" else LEVELS).index(card.level)):
        highest[card.limit[:4], card.rule] = card
    counting = sorted(cards if edition.each_card else highest.values(), key=lambda card: card.limit[:4])
    counts: dict[Code, list[Carded]] = {"yellow": [], "red": [], "slips": []}
    for card in counting:
        code = "slips" if card.rule == "slip" else _CARDS.get(card.level)
        if code is not None:
            counts[code].append(card)
    each = {"yellow": edition.yellow_points, "red": edition.red_points}
    for code, of in counts.items():
        points = sum(edition.slip_points.get(c.level, 0) if code == "slips" else each[code] for c in of)
        yield Line(code, points, len(of), tuple(Counted(card.limit, card.id) for card in of))


_CARDS: Mapping[Level, Code] = {"yellow": "yellow", "red": "red"}


def _early(edition: ScoreEdition, closed: Sequence[Ended], volume: int) -> Line:
    early = _ordered(each.limit for each in closed if each.is_early(edition.early_by))
    times = len(early) * 100 // (volume * edition.early_percent) if volume else 0
    return Line("early", times * edition.early_points, times, tuple(map(Counted, early)), volume)


def _missing(edition: ScoreEdition, volume: Sequence[Limit], cards: Sequence[Carded]) -> Line:
    nobody = {card.limit[:4] for card in cards if card.rule == "limit" and card.person is None}
    counted = []
    for limit in volume:
        lacks: dict[Missing, bool] = {"item": limit.item is None, "person": limit[:4] in nobody}
        if missing := tuple(each for each in edition.missing_of if lacks[each]):
            counted.append(Counted(limit, None, missing))
    times = len(counted) * 100 // (len(volume) * edition.missing_percent) if volume else 0
    points = max(times * edition.missing_points, edition.missing_most)
    return Line("missing", points, times, tuple(counted), len(volume))
