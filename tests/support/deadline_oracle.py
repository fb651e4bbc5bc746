"""A naive oracle of a matter's clocks, written from the decisions (D2 to D8) and the rules of time, not from the code.

It shares nothing with services/deadline: its own facts (`Entry`), its own limits (`Rule`), days counted one by one. It
answers one question: what holds for each clock at an instant, with feeds complete up to `confirmed`.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

REGISTERED, OPENED = "matter.registered", "case.opened"
WITHDRAWN = ("matter.withdrawn", "case.withdrawn")
REOPENED = ("matter.reopened", "case.reinstated")
STOP_TYPES = (
    "matter.accepted", "matter.decided", "matter.closed", "matter.refused", "matter.delivered", "stage.finished",
    "case.answered", *WITHDRAWN,
)  # fmt: skip
REST_DAYS = frozenset({date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)})
MAKE_UP = frozenset({date(2026, 3, 14)})
LAST_KNOWN = date(2027, 12, 31)
"""The made-up calendar: Saturday and Sunday rest, and these days are otherwise; after the last nothing is known."""


@dataclass(frozen=True)
class Rule:
    """A limit: `amount` of `unit` (`wd`, `d`, `h`), or `until` a day or an instant. `closes` is the end of day."""

    clock: str
    zone: str
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    amount: int = 0
    unit: str = ""
    until: date | datetime | None = None
    closes: time | None = None
    first_day: str = "day0"
    rolls: str = "none"
    warn_days: tuple[int, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One statement of a publisher. `day` is set where only the day is known; `at` is then its first instant.

    `about` makes it a correction of the statement of that name; `instead` is what it puts there, None retracts it.
    `turn` is the place of a case's fact in the life of that case, 0 for a matter's.
    """

    name: tuple[str, str]
    type: str
    at: datetime
    issued: datetime
    day: date | None = None
    subject: str = ""
    turn: int = 0
    unit: str | None = None
    person: str | None = None
    item: str | None = None
    rules: tuple[Rule, ...] = ()
    about: tuple[str, str] | None = None
    instead: "Entry | None" = None


Hands = tuple[tuple[datetime, datetime | None, str | None, str | None], ...]
"""(since, until, unit, person), in order."""


@dataclass(frozen=True)
class Answer:
    """What holds for a clock. `outcome`: not_started, open, met, void, late, overdue (the words of the report)."""

    outcome: str
    due_on: date | None
    late_from: datetime | None
    done_at: datetime | None
    warned: int | None
    hands: Hands


def works(day: date) -> bool:
    """Whether the made-up calendar works that day."""
    return day in MAKE_UP or (day.weekday() < 5 and day not in REST_DAYS)


def answers(entries: list[Entry], now: datetime, confirmed: datetime) -> dict[tuple[str, str], Answer]:
    """Every clock of the matter, by (clock, subject)."""
    history = [entry for entry in happened(entries) if entry.at <= now]
    found = {}
    for subject in {entry.subject for entry in history}:
        mine = sorted((e for e in history if e.subject == subject), key=place)
        registered = [e for e in mine if e.type in (REGISTERED, OPENED)]
        if registered:
            for rule in in_force(registered[0], mine):
                found[rule.clock, subject] = answer(rule, mine, registered[0], confirmed)
    return found


def place(entry: Entry) -> tuple[datetime, int, int, tuple[str, str]]:
    """D4: by instant; at one instant registrations, stops, the rest; then by name. A case tells its order itself."""
    kind = 0 if entry.type in (REGISTERED, OPENED) else 1 if entry.turn or entry.type in STOP_TYPES else 2
    return entry.at, kind, entry.turn, entry.name


def happened(entries: list[Entry]) -> list[Entry]:
    """D4: each fact as the correction issued last has it, of those that nobody took back. Corrections of what is not
    there, or of a case, change nothing.
    """
    by_name = {entry.name: entry for entry in entries}
    history = []
    for fact in by_name.values():
        if fact.about is not None:
            continue
        about = [entry for entry in by_name.values() if root_of(entry, by_name) == fact.name and not fact.turn]
        said = [entry for entry in about if stands(entry, about) and (entry.instead or entry.about == fact.name)]
        if not said:
            history.append(fact)
            continue
        last = max(said, key=lambda entry: (entry.issued, entry.name))
        if last.instead is not None:
            new = last.instead
            name = fact.name
            history.append(
                Entry(name, new.type, new.at, last.issued, new.day, "", 0, new.unit, new.person, new.item, new.rules)
            )
    return history


def stands(entry: Entry, others: list[Entry]) -> bool:
    """Whether no standing retraction says that this statement never was."""
    return not any(other.about == entry.name and not other.instead and stands(other, others) for other in others)


def root_of(entry: Entry, by_name: dict[tuple[str, str], Entry]) -> tuple[str, str] | None:
    """The fact at the bottom of a chain of corrections; None for a fact, and where a link is missing or in a circle."""
    passed = set()
    below: Entry | None = entry
    while below is not None and below.about is not None and below.name not in passed:
        passed.add(below.name)
        below = by_name.get(below.about)
    return below.name if below is not None and below.about is None and below is not entry else None


def in_force(registered: Entry, history: list[Entry]) -> list[Rule]:
    """D5: another item takes the place of the former item's limits; a recorded due stays until another comes."""
    rules = {rule.clock: rule for rule in registered.rules}
    for change in history:
        if change.type in ("limits.changed", "case.reinstated"):
            for clock in list(rules):
                if change.item is not None and clock != "recorded":
                    del rules[clock]
            for rule in change.rules:
                rules[rule.clock] = rule
    return list(rules.values())


def answer(rule: Rule, history: list[Entry], registered: Entry, confirmed: datetime) -> Answer:
    """One clock, from start to verdict (D6, D8)."""
    begun = None
    for entry in history:
        if entry.type in rule.starts and (begun is None or entry.type == "case.reinstated"):
            begun = entry
    done = None
    for entry in history:
        if entry.type in REOPENED:
            done = None
        elif done is None and (entry.type in rule.stops or entry.type in WITHDRAWN):
            done = entry
    done_at = done.at if done else None
    due = due_of(rule, begun) if begun else None
    if begun is None or due is None:
        return Answer("not_started", None, None, done_at, None, hands(history, registered, None))
    due_on, late_from = due
    held = hands(history, registered, late_from)
    if done is not None and done.at < late_from:
        outcome = "void" if done.type in WITHDRAWN else "met"
        return Answer(outcome, due_on, late_from, done_at, None, held)
    outcome = "open" if confirmed < late_from else "late" if done else "overdue"
    warned = None
    for left in sorted(rule.warn_days, reverse=True):
        last_day = due_on or (late_from - timedelta(microseconds=1)).astimezone(ZoneInfo(rule.zone)).date()
        at = datetime.combine(last_day - timedelta(days=left), time(), ZoneInfo(rule.zone))
        if begun.at < at < late_from and at <= confirmed:
            warned = left
    return Answer(outcome, due_on, late_from, done_at, warned, held)


def due_of(rule: Rule, begun: Entry) -> tuple[date | None, datetime] | None:
    """R1, R4 and D6: the last day, if the limit has one, and the first instant that is too late; None where the
    calendar does not reach.
    """
    zone = ZoneInfo(rule.zone)
    first = begun.day or begun.at.astimezone(zone).date()
    if isinstance(rule.until, datetime):
        return None, rule.until + timedelta(microseconds=1)
    if rule.unit == "h":
        return None, begun.at + timedelta(hours=rule.amount, microseconds=1)
    if rule.until is not None:
        last = rule.until
    else:
        if rule.first_day == "roll" or (rule.first_day == "inclusive" and rule.unit == "wd"):
            while not works(first):
                first += timedelta(days=1)
        last, counted = first, 1 if rule.first_day == "inclusive" else 0
        while counted < rule.amount:
            last += timedelta(days=1)
            if rule.unit == "wd" and last > LAST_KNOWN:
                return None
            counted += 1 if rule.unit == "d" or works(last) else 0
    while rule.unit != "wd" and rule.rolls != "none" and not works(last):
        last += timedelta(days=1 if rule.rolls == "next" else -1)
    if rule.closes is not None:
        return last, datetime.combine(last, rule.closes, zone)
    return last, datetime.combine(last + timedelta(days=1), time(), zone)


def hands(history: list[Entry], registered: Entry, before: datetime | None) -> Hands:
    """In whose hands the matter was before that instant; the earliest registration is the only one (D4), and gives
    nothing away that somebody has. Until another unit is named it is the registration's. What happened at or after
    `before` is not said. Cases are in nobody's hands.
    """
    steps: list[tuple[datetime, str | None, str | None]] = []
    for entry in history:
        hand_over = entry.type in ("matter.accepted", "matter.assigned", "matter.transferred") or (
            entry is registered and entry.type == REGISTERED and not steps
        )
        if hand_over and (entry.unit or entry.person) and (before is None or entry.at < before):
            unit = entry.unit or (steps[-1][1] if steps else registered.unit)
            steps = [step for step in steps if step[0] != entry.at]
            steps.append((entry.at, unit, entry.person))
    ends = [at for at, _, _ in steps[1:]] + [None]
    return tuple((at, end, unit, person) for (at, unit, person), end in zip(steps, ends, strict=False))
