"""Events of intake and of the deadline service as the rules see them.

Of `deadline-events` only misses and their withdrawals concern cases; the other types known today are dropped by their
header, unparsed, whatever their version. A type that this build does not know is left to `shared.kafka.read`, which
counts it (D16).
"""

from collections.abc import Iterable
from datetime import datetime

from services.accountability.rules.attribution import held_at
from services.accountability.rules.directory import DirectoryFact, PostKey
from services.accountability.rules.identity import case_id, case_of_subject, rung_of_clock
from services.accountability.rules.ladder import TICK
from services.accountability.rules.model import CaseKey, Held, Missed, Ref, RungMissed, Untrue, Verdict
from shared.errors import Permanent
from shared.events.accountability import CaseOpened, CaseReinstated
from shared.events.base import aggregate_key, instant_of, split_key
from shared.events.deadline import DEADLINE_EVENTS, DeadlineMissed, DeadlineWithdrawn, Holding
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned, HolderEnded
from shared.inbox import Message

DEADLINES, DIRECTORY = "deadline-events", "directory-events"
TOPICS = (DEADLINES, DIRECTORY)
_STANDINGS = (CaseOpened.TYPE, CaseReinstated.TYPE)
"""The events of ours by which a case comes to stand, and from which its limits run."""
_UNWANTED = frozenset(
    event.TYPE.encode() for event in DEADLINE_EVENTS if event not in (DeadlineMissed, DeadlineWithdrawn)
)


def wanted(messages: Iterable[Message]) -> list[Message]:
    """Without the deadline events that no case depends on."""
    return [m for m in messages if m.topic != DEADLINES or _type(m) not in _UNWANTED]


def _type(m: Message) -> bytes | None:
    for name, value in m.headers:
        if name == "ce_type":
            return value
    return None


def fact_of(received: Received, event: HolderAssigned | HolderEnded, now: datetime) -> DirectoryFact:
    """A directory fact, learned now."""
    assigned = isinstance(event, HolderAssigned)
    return DirectoryFact(
        post=PostKey(*split_key(received.subject)),
        ref=Ref(event.submission.source, event.submission.id),
        event=received.id,
        kind="assigned" if assigned else "ended",
        at=instant_of(event.occurred_at, event.zone),
        person=event.person,
        role=event.role if isinstance(event, HolderAssigned) else None,
        unit=event.unit if isinstance(event, HolderAssigned) else None,
        learned_at=now,
    )


def verdict_of(received: Received, event: DeadlineMissed | DeadlineWithdrawn) -> Verdict | None:
    """What the deadline service says about a miss; None: it takes back a limit of a case, and what was escalated stays
    escalated. Raises Permanent for a clock that no case has, or that runs from no event of its case."""
    ref = Ref(received.source, received.id)
    case = case_of_subject(event.subject)
    if case is not None:
        rung = rung_of_clock(event.clock)
        if rung is None:
            raise Permanent(f"no case has a clock {event.clock}")
        if isinstance(event, DeadlineWithdrawn):
            return None
        started_by = next((fact.event for fact in reversed(event.facts) if fact.type in _STANDINGS), None)
        if started_by is None:
            raise Permanent(f"the clock {event.clock} of case {case} runs from no event of its case")
        return RungMissed(CaseKey(event.authority, event.matter, case), ref, rung, event.late_from, started_by)
    matter = aggregate_key(event.authority, event.matter)
    key = CaseKey(event.authority, event.matter, case_id(matter, event.clock, event.subject, event.late_from))
    if isinstance(event, DeadlineWithdrawn):
        return Untrue(key, ref, received.revision, event.reason)
    held = held_at(tuple(_held(h) for h in event.holdings), event.late_from - TICK)
    return Missed(
        key=key,
        ref=ref,
        revision=received.revision,
        clock=event.clock,
        subject=event.subject,
        due=event.due.isoformat(),
        late_from=event.late_from,
        detected_at=event.detected_at,
        item=event.item,
        unit=event.unit if held is None or held.unit is None else held.unit,
        held=held,
        origin=event.origin,
        zone=event.limit.zone,
        calendar=event.limit.calendar,
    )


def _held(holding: Holding) -> Held:
    return Held(holding.since, holding.until, holding.unit, holding.person)
