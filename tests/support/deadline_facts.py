"""Random histories of one matter, small enough that ties, reversals and corrections of corrections are the rule; and
the oracle's words turned into those of the rules.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import Clock, State
from services.deadline.rules.facts import Fact
from services.deadline.rules.fold import Folded
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule
from tests.support.deadline_oracle import MAKE_UP, REST_DAYS, Answer, Entry, Rule

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
FIRST = datetime(2026, 3, 2, tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)
"""A Monday, 00:00. Summer time begins in New York on the 8th."""
CALENDAR = Calendar(
    "X", "X-1", SHANGHAI, frozenset({5, 6}), dict.fromkeys(REST_DAYS, "holiday"), dict.fromkeys(MAKE_UP, "worked"),
    (2025, 2027), (2025, 2026),
)  # fmt: skip

REGISTERED = ("matter.registered",)
DECISIONS = ("matter.decided", "matter.closed")
DECIDE = Rule("decide", SHANGHAI, REGISTERED, DECISIONS, 2, "wd", warn_days=(1, 2))
CLOSE = Rule("close", NEW_YORK, REGISTERED, ("matter.closed",), 3, "d", closes=time(17), rolls="next", warn_days=(1,))
AFTER = Rule("examine", SHANGHAI, ("matter.accepted",), DECISIONS, 1, "wd", first_day="inclusive")
CALL = Rule("call-back", SHANGHAI, REGISTERED, ("matter.delivered",), 30, "h", warn_days=(1,))
LONGER = Rule("decide", NEW_YORK, REGISTERED, DECISIONS, 5, "wd", first_day="roll", warn_days=(1, 3))
DELIVER = Rule("deliver", SHANGHAI, ("matter.decided",), ("matter.delivered",), 2, "d", rolls="previous")
ON_DAY = Rule("recorded", SHANGHAI, REGISTERED, DECISIONS, until=date(2026, 3, 8), rolls="previous", warn_days=(2,))
AT_INSTANT = Rule("recorded", SHANGHAI, REGISTERED, DECISIONS, until=FIRST + timedelta(days=4, hours=9))
NEVER = Rule("archive", SHANGHAI, REGISTERED, DECISIONS, 1000, "wd")
"""Ends in a year that the calendar knows nothing of."""
SOON = Rule("archive", SHANGHAI, REGISTERED, DECISIONS, 1, "wd")
ANSWER = Rule("answer", SHANGHAI, ("case.opened", "case.reinstated"), ("case.answered",), 1, "wd", warn_days=(1,))
ITEMS = {"licence": (DECIDE, CLOSE, CALL), "filing": (LONGER, DELIVER, SOON), "petition": (AFTER, CLOSE, NEVER)}

INSTANTS = st.builds(
    lambda day, hour: FIRST + timedelta(days=day, hours=hour), st.integers(-2, 12), st.sampled_from((0, 9, 17, 18))
)
DATES = st.integers(-2, 12).map(lambda day: date(2026, 3, 2) + timedelta(days=day))
ISSUED = st.integers(0, 2).map(lambda hours: FIRST + timedelta(hours=hours))
PEOPLE = st.sampled_from((None, "p1", "p2"))
UNITS = st.sampled_from((None, "u1", "u2"))
PLAIN = st.sampled_from(
    (
        "matter.decided", "matter.closed", "matter.delivered", "matter.accepted", "matter.withdrawn",
        "matter.reopened", "stage.finished",
    )
)  # fmt: skip


@st.composite
def contents(draw: st.DrawFn, name: tuple[str, str], kind: str | None = None) -> Entry:
    """One fact of a matter, of that kind or of any."""
    kind = kind or draw(st.sampled_from(("plain", "plain", "plain", "hand-over", "limits", "registration")))
    day = draw(st.none() | DATES)
    zone = ZoneInfo(draw(st.sampled_from((SHANGHAI, NEW_YORK))))
    at = datetime.combine(day, time(), zone).astimezone(UTC) if day else draw(INSTANTS)
    issued = draw(ISSUED)
    if kind == "plain":
        return Entry(name, draw(PLAIN), at, issued, day)
    if kind == "hand-over":
        type_ = draw(st.sampled_from(("matter.assigned", "matter.transferred")))
        return Entry(name, type_, at, issued, day, unit=draw(UNITS), person=draw(PEOPLE))
    recorded = draw(st.sampled_from(((), (ON_DAY,), (AT_INSTANT,))))
    if kind == "registration":
        item = draw(st.sampled_from(sorted(ITEMS)))
        unit, person = draw(st.sampled_from(("u1", "u3"))), draw(PEOPLE)
        rules = (*ITEMS[item], *recorded)
        return Entry(name, "matter.registered", at, issued, day, "", 0, unit, person, item, rules)
    item_ = draw(st.sampled_from(sorted(ITEMS) if not recorded else [None, *sorted(ITEMS)]))
    rules = (*(ITEMS[item_] if item_ else ()), *recorded)
    return Entry(name, "limits.changed", at, issued, day, item=item_, rules=rules)


@st.composite
def cases(draw: st.DrawFn) -> list[Entry]:
    """The life of a case: opened, then answered, withdrawn, reinstated; much of it in one and the same instant."""
    life = []
    at, may, standing = draw(INSTANTS), "case.opened", True
    for turn in range(1, draw(st.integers(1, 5)) + 1):
        name = "/duban/accountability", str(draw(st.integers(0, 1000))) + f"-{turn}"
        rules = (ANSWER,) if may in ("case.opened", "case.reinstated") else ()
        life.append(Entry(name, may, at, at, None, "case:1", turn, rules=rules, item="licence" if rules else None))
        standing = may != "case.withdrawn"
        at += timedelta(hours=draw(st.sampled_from((0, 0, 5, 30))))
        may = draw(st.sampled_from(("case.answered", "case.withdrawn"))) if standing else "case.reinstated"
    return life


@st.composite
def histories(draw: st.DrawFn, size: int = 8) -> list[Entry]:
    """All statements about one matter: facts, corrections (of corrections, of the unknown too), retractions, a case."""
    entries: list[Entry] = []
    first = draw(st.sampled_from(("registration", "registration", "registration", None)))
    for number in range(draw(st.integers(1, size))):
        name = draw(st.sampled_from(("/a", "/b"))), str(number)
        if number and draw(st.integers(0, 3)) == 0:
            unknown = ("/a", "unknown")
            about = draw(st.sampled_from([entry.name for entry in entries] + [unknown]))
            issued = draw(ISSUED)
            if draw(st.booleans()):
                entries.append(Entry(name, "fact.retracted", issued, issued, about=about))
            else:
                instead = draw(contents(name))
                entries.append(Entry(name, "fact.corrected", issued, issued, about=about, instead=instead))
        else:
            entries.append(draw(contents(name, first if number == 0 else None)))
    return entries + (draw(cases()) if draw(st.integers(0, 4)) == 0 else [])


def limit_of(rule: Rule) -> Limit:
    """The oracle's rule as a stamped limit."""
    return Limit(
        clock=rule.clock,
        amount=Amount.parse(f"{rule.amount}{rule.unit}") if rule.unit else None,
        at=rule.until,
        start_rule=StartRule(rule.first_day),
        roll=Roll(rule.rolls),
        zone=rule.zone,
        day_ends=rule.closes,
        calendar="X",
        starts_on=rule.starts,
        stops_on=rule.stops,
        warnings=tuple(f"{days}d" for days in rule.warn_days),
        source="not verified",
    )


def fact_of(entry: Entry) -> Fact:
    """The oracle's entry as a fact."""
    return Fact(
        type=entry.type,
        occurred=entry.at,
        on=entry.day,
        identity=entry.name,
        issued=entry.issued,
        event=entry.name[1] if entry.turn else "event-" + "-".join(entry.name),
        subject=entry.subject,
        revision=entry.turn,
        unit=entry.unit,
        person=entry.person,
        item=entry.item,
        limits=tuple(map(limit_of, entry.rules)),
        replaces=entry.about,
        replacement=fact_of(entry.instead) if entry.instead else None,
    )


def calendar_of(code: str) -> Calendar:
    """The made-up calendar, whatever its code."""
    return CALENDAR


OUTCOMES = {
    State.NOT_STARTED: "not_started", State.RUNNING: "open", State.WARNED: "open", State.MET: "met",
    State.VOID: "void", State.MISSED: "overdue", State.MISSED_DONE: "late",
}  # fmt: skip


def told(folded: Folded) -> dict[tuple[str, str], Answer]:
    """What the fold says, in the oracle's words."""
    return {(clock.name, clock.subject): _told(clock) for clock in folded.clocks}


def _told(clock: Clock) -> Answer:
    late_from = clock.due.late_from if clock.due else None
    hands = tuple(
        (h.since, h.until if h.until and (late_from is None or h.until < late_from) else None, h.unit, h.person)
        for h in clock.holdings
    )
    return Answer(
        outcome=OUTCOMES[clock.state],
        due_on=clock.due.due_on if clock.due else None,
        late_from=late_from,
        done_at=clock.stop.at if clock.stop else None,
        warned=int(clock.warned.removesuffix("d")) if clock.warned else None,
        hands=hands,
    )
