"""What can be said of a clock in an event, written when the clock is computed: the sweep fires from it (D12).

A clock's statement says each thing once: `about` whom, the `facts` it rests on, how it was `counted`, in whose
`holdings` the matter was, what `stop` ended it, or the `problem` for which there is no due. Events are views of it, in
the order of fields of their models.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.rules.clock import Clock, Holding, State
from services.deadline.rules.conduct import NO_TEAM, Act, Team
from services.deadline.rules.count import Due
from services.deadline.rules.course import Course
from services.deadline.rules.facts import Extended, Fact
from services.deadline.rules.holdings_net import TOLD_HOLDINGS, net_minutes
from services.deadline.rules.limits import Limit
from services.deadline.rules.pauses import Finding, Pause
from services.deadline.rules.points import Point
from services.deadline.rules.terms import further_terms

Statement = Mapping[str, Any]
_UNACCUSED = frozenset({State.MET, State.VOID})


def instant_text(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()


def local_text(at: datetime, zone: str) -> str:
    """ISO 8601 with the offset of the zone: people read it."""
    return _local_text(at.astimezone(UTC), zone)


@lru_cache(maxsize=1024)  # everyone's limit ends at the same close of business
def _local_text(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    whole = not (local.utcoffset() or timedelta()) % timedelta(minutes=1)
    return (local if whole else at).isoformat()  # local mean time: RFC 3339 spells no offset with seconds


def fact_text(fact: Fact) -> Statement:
    """A fact as an event names it: its submission's identity and its event on our own topics."""
    source, id = fact.identity
    occurred = (fact.on or fact.occurred).isoformat()
    return {"type": fact.type, "occurred_at": occurred, "source": source, "id": id, "event": fact.event}


def due_text(due: Due, zone: str) -> str:
    """The bare date of a day limit, else the last instant in time, with the offset of the limit's zone (D6)."""
    return due.due_on.isoformat() if due.due_on else local_text(due.due_at, zone)


def limit_text(limit: Limit) -> Statement:
    """The limit as it was stamped."""
    text: dict[str, Any] = {"clock": limit.clock}
    if limit.amount is not None:
        text["amount"] = str(limit.amount)
    if limit.at is not None:
        text["at"] = limit.at.isoformat()
    text |= {"start_rule": limit.start_rule.value, "roll": limit.roll.value, "zone": limit.zone}
    if limit.day_ends is not None:
        text["day_ends"] = limit.day_ends.isoformat()
    text |= {
        "calendar": limit.calendar,
        "starts_on": list(limit.starts_on),
        "stops_on": list(limit.stops_on),
        "warnings": list(limit.warnings),
        "source": limit.source,
    }
    return {**text, **further_terms(limit)}


@lru_cache(maxsize=8192)  # what a limit comes to from a day is said of all who began on it
def counted_text(limit: Limit, due: Due, version: str | None) -> Statement:
    """What a limit came to by a version of its calendar. Nobody changes it: it is part of many statements."""
    return {
        "due": due_text(due, limit.zone),
        "late_from": local_text(due.late_from, limit.zone),
        "limit": limit_text(limit),
        "calendar": version,
        "provisional": due.provisional,
    }


def holding_text(holding: Holding, before: datetime | None = None) -> Statement:
    """[since, until); what happened at or after `before` is not known to it."""
    until = holding.until if before is None or holding.until is None or holding.until < before else None
    text = {"since": instant_text(holding.since)}
    if until:
        text["until"] = instant_text(until)
    if holding.unit:
        text["unit"] = holding.unit
    if holding.person:
        text["person"] = holding.person
    return text


def act_text(act: Act) -> Statement:
    """An opinion, an order or a decision."""
    text: dict[str, Any] = {"kind": act.kind, "at": instant_text(act.at), "stance": act.stance}
    text |= {"fact": _ref(act.fact), "event": act.event, "known_since": instant_text(act.known_since)}
    if act.person:
        text["person"] = act.person
    if act.role:
        text["role"] = act.role
    if act.overrides:
        text["overrides"] = _ref(act.overrides)
    if act.bypasses:
        text["bypasses"] = act.bypasses
    if act.members:
        text |= {"members": list(act.members), "dissented": list(act.dissented)}
    return text


def team_text(team: Team) -> Statement:
    """Who belongs to the matter."""
    told = {
        "lead_unit": team.lead_unit,
        "assisting_units": None if team.assisting_units is None else list(team.assisting_units),
        "project_manager": team.project_manager,
        "first_contact": team.first_contact,
    }
    return {name: value for name, value in told.items() if value is not None}


def _ref(identity: tuple[str, str]) -> Statement:
    return {"source": identity[0], "id": identity[1]}


def point_text(point: Point) -> str:
    """The day where only that is known, else the instant."""
    return point.on.isoformat() if point.on is not None else instant_text(point.at)


def pause_text(pause: Pause) -> Statement:
    """A pause; `until` is absent where it is open."""
    text = {"ground": pause.ground, "since": point_text(pause.begin)}
    if pause.end is not None:
        text["until"] = point_text(pause.end)
    return text


def _changes(ran: Course) -> Statement:
    """What moved the due; nothing of a plain count."""
    text: dict[str, Any] = {}
    if ran.halts:
        text["pauses"] = [{**pause_text(halt.pause), "assumed": halt.pause.assumed} for halt in ran.halts]
    if ran.granted:
        text["extensions"] = [extension_text(granted.said) for granted in ran.granted]
    return text


def extension_text(said: Extended) -> Statement:
    """An extension, by how much or until when, and who approved it."""
    text = {} if said.by is None else {"by": str(said.by)}
    if said.until is not None:
        text["until"] = said.until.isoformat()
    if said.approver is not None:
        text["approver"] = said.approver
    return text


def finding_text(finding: Finding, limit: Limit) -> Statement:
    """What was found, and whose act it is."""
    text: dict[str, Any] = {"code": finding.code, "detail": finding.detail, "facts": [fact_text(finding.fact)]}
    if (by := finding.by) is not None:
        told = {"at": local_text(by.at, limit.zone), "unit": by.unit, "person": by.person}
        text["by"] = {name: value for name, value in told.items() if value is not None}
        text |= {"zone": limit.zone, "calendar": limit.calendar}
        if by.evidence:
            text["evidence"] = list(by.evidence)
    return text


def about(authority: str, matter: str, clock: Clock) -> Statement:
    """What every event of the clock says."""
    text: dict[str, Any] = {"authority": authority, "matter": matter, "clock": clock.name, "subject": clock.subject}
    if clock.item:
        text["item"] = clock.item
    if clock.unit:
        text["unit"] = clock.unit
    text["origin"] = clock.origin
    if clock.urgent:
        text["urgent"] = True
    return text


def stated(authority: str, matter: str, clock: Clock) -> Statement:
    """The clock's statement."""
    says: dict[str, Any] = {
        "about": about(authority, matter, clock),
        "facts": [fact_text(fact) for fact in clock.facts],
    }
    if clock.problem is not None:
        says["problem"] = clock.problem
    if clock.pause is not None:
        says["pause"] = {**pause_text(clock.pause), "facts": [fact_text(fact) for fact in clock.pause.facts]}
    if clock.lapsed is not None:
        says["lapsed"] = [fact_text(fact) for fact in clock.lapsed.facts]
    if clock.findings:
        says["findings"] = [finding_text(each, clock.limit) for each in clock.findings]
    if clock.waited_for:
        says["waited_for"] = True
    if clock.course is not None and (changes := _changes(clock.course)):
        says["changes"] = changes
    if (due := clock.due) is not None:
        says["counted"] = counted_text(clock.limit, due, clock.calendar.version if clock.calendar is not None else None)
        held = clock.holdings[-TOLD_HOLDINGS:]
        says["holdings"] = [holding_text(holding, due.late_from) for holding in held]
        if (net := _net(clock, held)) is not None:
            says["net"] = list(net)
        if clock.acts:
            says["acts"] = [act_text(act) for act in clock.acts]
        if clock.team is not NO_TEAM:
            says["team"] = team_text(clock.team)
    if clock.stop is not None:
        fact = fact_text(clock.stop.fact)
        says["stop"] = {"done_at": fact["occurred_at"], "facts": [fact]}
    return says


def _net(clock: Clock, held: Sequence[Holding]) -> tuple[int, ...] | None:
    """The minutes of each of several hands; not of what is kept or void: nobody is asked for how long they had it."""
    if len(held) < 2 or clock.state in _UNACCUSED:
        return None
    if clock.start is None or clock.course is None or clock.calendar is None:
        return None
    return net_minutes(clock.limit, clock.start, clock.course, held, clock.calendar)


def dated(says: Statement) -> Statement:
    """Whose clock, and when it is due: what each event of a clock with a due says."""
    counted = says["counted"]
    return {**says["about"], "due": counted["due"], "late_from": counted["late_from"]}


def scheduled(says: Statement) -> Statement:
    """The count and what it rests on."""
    return {**says["about"], **says["counted"], "facts": says["facts"], **says.get("changes", {})}


def missed(says: Statement) -> Statement:
    """What a miss says; the instant of its detection is filled in when it is published."""
    counted = says["counted"]
    rest = {"limit": counted["limit"], "calendar": counted["calendar"], "detected_at": None}
    holdings = says["holdings"]
    if "net" in says:
        holdings = [{**each, "net_minutes": net} for each, net in zip(holdings, says["net"], strict=True)]
    found = {**dated(says), **rest, "holdings": holdings, "facts": says["facts"]}
    if "pauses" in says.get("changes", ()):
        found["pauses"] = says["changes"]["pauses"]
    return {**found, **{name: says[name] for name in ("acts", "team") if name in says}}


def deemed(says: Statement) -> Statement | None:
    """What silence means once the limit has passed; None where it means nothing."""
    expiry = says["counted"]["limit"].get("on_expiry") if "counted" in says else None
    return None if expiry is None else {**dated(says), **expiry, "facts": says["facts"]}


def digest(says: Statement) -> str:
    """Changes when the miss must be published again: another unit or item, other hands up to the due, other acts, or
    another urgency (D18)."""
    about = says["about"]
    told = [about.get("unit"), about.get("item"), says["counted"]["late_from"], says["holdings"]]
    told += [says[name] for name in ("net", "acts", "team") if name in says]
    told += ["urgent"] if "urgent" in about else []
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()
