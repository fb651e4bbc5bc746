"""For what there is a card, and of which level (R21), and which items have slips instead (R23): data of a versioned
rulebook, pinned on the card."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

Level = Literal["reminder", "warning", "yellow", "red", "blue", "orange"]
LEVELS: tuple[Level, ...] = ("reminder", "warning", "yellow", "red")
"""提醒, 预警, 黄牌, 红牌: upwards."""
SLIPS: tuple[Level, ...] = ("blue", "orange", "red")
"""蓝单, 橙单, 红单: upwards."""
Ground = Literal["warned", "promised-passed", "statutory-passed", "overdue", "deemed", "repeated"]
_AMOUNT = re.compile(r"(\d+)(wd|d|m|h|wh|min)")


@dataclass(frozen=True, slots=True)
class CardRule:
    """A ground and the level of its card. `left`: of warnings, the most that is left, an amount for each unit; `after`:
    of what is overdue, the least that it is late; `times`: of yellow cards of one person in a quarter; `urgent`: the
    level of what is urgent, where that is another (R23).
    """

    ground: Ground
    level: Level
    left: tuple[str, ...] = ()
    after: str | None = None
    times: int = 0
    urgent: Level | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Slips:
    """R23: the limits of these items have slips in the place of yellow and red cards."""

    items: frozenset[str]
    rules: tuple[CardRule, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CardEdition:
    """One version of the rules of cards, in force from a day on. `name` is how a card refers to it. Itself and no
    other is equal to it: what is remembered by edition would else hash all its rules for each miss."""

    name: str
    effective_from: date
    rules: tuple[CardRule, ...]
    slips: tuple[Slips, ...] = ()

    def slips_of(self, item: str | None) -> Slips | None:
        """Those of an item; None: it has cards like any other."""
        return next((each for each in self.slips if item in each.items), None) if self.slips else None

    @property
    def repeated(self) -> CardRule | None:
        """When yellow cards of one person make a red one."""
        return next((rule for rule in self.rules if rule.ground == "repeated"), None)


NO_CARDS = CardEdition("none", date(1900, 1, 1), ())


def in_force(editions: tuple[CardEdition, ...], due: str) -> CardEdition:
    """The edition in force on the day of a due as it is written; before the first there are no cards."""
    return _on(editions, due[:10])


@lru_cache(maxsize=1024)
def _on(editions: tuple[CardEdition, ...], day: str) -> CardEdition:
    on = date.fromisoformat(day)
    return next((e for e in reversed(editions) if e.effective_from <= on), NO_CARDS)


@lru_cache(maxsize=1024)
def level_of_warning(by: CardEdition | Slips, label: str, *, urgent: bool = False) -> Level | None:
    """R21: the highest level whose remainder the warning's label is within; a rule without one takes every label. A
    share of the limit, such as 25%, is within no amount."""
    fitting = [
        _level(rule, urgent)
        for rule in by.rules
        if rule.ground == "warned" and (not rule.left or any(_at_least(most, label) for most in rule.left))
    ]
    return max(fitting, key=(SLIPS if isinstance(by, Slips) else LEVELS).index, default=None)


@lru_cache(maxsize=1024)
def levels_of_miss(
    by: CardEdition | Slips, *, statutory: bool, overdue: frozenset[str], deemed: bool, urgent: bool = False
) -> Mapping[Level, tuple[Ground, ...]]:
    """R21, R23: what a miss that stands is a card for, and on which grounds; a limit of no kind is a promised one."""
    found: dict[Level, tuple[Ground, ...]] = {}
    for rule in by.rules:
        match rule.ground:
            case "promised-passed":
                holds = not statutory
            case "statutory-passed":
                holds = statutory
            case "overdue":
                holds = any(_at_least(passed, rule.after or "") for passed in overdue)
            case "deemed":
                holds = deemed
            case "warned" | "repeated":
                holds = False
        if holds and rule.ground not in (grounds := found.get(level := _level(rule, urgent), ())):
            found[level] = (*grounds, rule.ground)
    return found


def _level(rule: CardRule, urgent: bool) -> Level:
    return rule.urgent or rule.level if urgent else rule.level


def _at_least(more: str, less: str) -> bool:
    """Whether one amount is at least another of the same unit."""
    a, b = _AMOUNT.fullmatch(more), _AMOUNT.fullmatch(less)
    return a is not None and b is not None and a[2] == b[2] and int(a[1]) >= int(b[1])


def quarter_of(due: str) -> str:
    """The calendar quarter of a due as it is written, such as 2026-Q1."""
    return f"{due[:4]}-Q{(int(due[5:7]) + 2) // 3}"


def first_day_of(quarter: str) -> str:
    """The day by which one edition counts a whole quarter."""
    return f"{quarter[:4]}-{int(quarter[-1]) * 3 - 2:02}-01"
