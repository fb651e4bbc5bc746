"""The one place where the product is asked: a case as facts, the fold's clock in the oracle's words."""

from datetime import UTC, datetime

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import MISS, Clock
from services.deadline.rules.facts import EXTENSION, Detail, Extended, Fact, Resumed, Suspended
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import (
    Amount,
    AtLongest,
    ExtensionTerms,
    Limit,
    PauseTerms,
    Roll,
    Second,
    StartRule,
    Unit,
)
from tests.oracle.days import Case

STARTS, STOPS = "matter.registered", "matter.decided"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = {"pause": "matter.suspended", "resume": "matter.resumed", "extend": EXTENSION}
Pair = tuple[int, str]


def told(case: Case) -> Case:
    """What the product says of a case."""
    calendar = calendar_of(case["calendar"], case["limit"]["zone"])
    clock = clock_of(case, calendar)
    due = clock.due
    return {
        "problem": clock.problem,
        "due": None if due is None else due.due_on,
        "late_from": None if due is None else due.late_from,
        "void": clock.lapsed.lapses if clock.lapsed else None,
        "findings": sorted(finding.code for finding in clock.findings),
        "alarms": None if clock.stop or not clock.alarms else [each for each in clock.alarms if each[1] != MISS],
    }


def clock_of(case: Case, calendar: Calendar) -> Clock:
    """The one clock of the case at its `now`; nothing is confirmed, so that all of its alarms lie ahead."""
    now = max(case["now"], case["start"]["at"])
    folded = fold(facts_of(case), lambda code: calendar, now, LONG_AGO)
    return folded.clocks[0]


def facts_of(case: Case) -> list[Fact]:
    """The registration that states the limit, each change, the stop."""
    facts = [_fact(STARTS, case["start"], "start", limits=(limit_of(case["limit"]),))]
    facts += [_fact(TYPES[each["kind"]], each, each["id"], detail=_detail(each)) for each in case["changes"]]
    return facts + ([_fact(STOPS, case["stop"], "stop")] if case["stop"] else [])


def _fact(type_: str, when: Case, name: str, limits: tuple[Limit, ...] = (), detail: Detail | None = None) -> Fact:
    return Fact(
        type_, when["at"], when["on"], ("/oracle", name), ISSUED, name, unit="office" if limits else None,
        item="item" if limits else None, limits=limits, detail=detail,
    )  # fmt: skip


def _detail(change: Case) -> Detail:
    if change["kind"] == "pause":
        return Suspended(change["ground"], change["name"], amount(change["expected"]), change["until"])
    if change["kind"] == "resume":
        return Resumed(change["ground"], change["name"])
    return Extended(amount(change["by"]), change["until"], change["clock"], change["approver"], change["reason"])


def amount(pair: Pair | None) -> Amount | None:
    """So many of a unit."""
    return None if pair is None else Amount(pair[0], Unit(pair[1]))


def limit_of(limit: Case) -> Limit:
    """The limit as it is stamped."""
    second, extension = limit["second"], limit["extension"]
    return Limit(
        clock="decide",
        amount=amount(limit["amount"]),
        at=limit["at"],
        start_rule=StartRule(limit["start_rule"]),
        roll=Roll(limit["roll"]),
        zone=limit["zone"],
        day_ends=limit["day_ends"],
        calendar="X",
        starts_on=(STARTS,),
        stops_on=(STOPS,),
        warnings=tuple(limit["warnings"]),
        source="not verified",
        cut_off=limit["cut_off"],
        second=second
        and Second(
            amount(second["amount"]), second["at"], StartRule(second["start_rule"]), Roll(second["roll"]),
            limit["choose"] == "later",
        ),
        pauses=tuple(
            PauseTerms(each["ground"], amount(each["longest"]), AtLongest(each["then"]), each["times"])
            for each in limit["pauses"]
        ),
        extension=extension
        and ExtensionTerms(
            amount(extension["most"]), extension["times"], extension["base"] == "rolled",
            extension["after_expiry"] == "taken", extension["approver"], extension["reason"],
        ),
    )  # fmt: skip


def calendar_of(calendar: Case, zone: str) -> Calendar:
    """The calendar as the product has it."""
    return Calendar(
        "X", "X-1", zone, calendar["weekend"], dict.fromkeys(calendar["rest"], "off"),
        dict.fromkeys(calendar["work"], "worked"), (calendar["first"].year, calendar["last"].year),
        (calendar["first"].year, calendar["last"].year), calendar["sessions"],
        half_days={day: ("half day", hours) for day, hours in calendar["half"].items()},
    )  # fmt: skip
