"""A batch of events: the directory's facts are kept, then everybody who must know of the rest is told, once.

Events of types that neither people nor subscribers are told of are passed over by their header, unparsed. Facts of the
directory come first within a batch, because a warning may need the holder that stands behind it there.
"""

from collections.abc import Callable, Sequence
from typing import cast

from services.notification import metrics, store
from services.notification.channels import Batch, Channel
from services.notification.publish import Ended, publish
from services.notification.reading import case_of, holder_fact, reach_of, ref_of
from services.notification.rules import notices as rules
from services.notification.rules.directory import Directory, reach, tenures
from services.notification.rules.notices import Case, Notice
from services.notification.store import CaseKey, Written
from services.notification.texts import render
from services.notification.texts.facts import Told, facts_of
from shared.clock import Clock
from shared.events.accountability import (
    CaseEscalated,
    CaseEvent,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWithdrawn,
)
from shared.events.base import Event
from shared.events.catalog import EVENTS
from shared.events.deadline import ClockEvent, DeadlineWarned
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned, HolderEnded
from shared.inbox import Message
from shared.postgres import Connection
from shared.reading import read

DIRECTORY = "directory-events"
TOPICS = ("case-events", "deadline-events", DIRECTORY)
TOLD: tuple[type[Event], ...] = (
    DeadlineWarned, CaseOpened, CaseEscalated, CaseReinstated, CaseWithdrawn, CaseRevised,
)  # fmt: skip
_TOLD_TYPES = frozenset(model.TYPE for model in TOLD)
_KNOWN_TYPES = {topic: frozenset(model.TYPE for model in EVENTS[topic]) for topic in TOPICS}

Pair = tuple[Received, CaseEvent | ClockEvent]


class Notifier:
    """What the consumer calls with each batch. `committed` counts it and wakes the channels once it has gone through;
    a batch that was rolled back is not counted."""

    def __init__(self, clock: Clock, channels: Sequence[Channel]) -> None:
        self._clock = clock
        self._channels = channels
        self._ended: Sequence[Ended] = ()

    async def handle(self, conn: Connection, messages: Sequence[Message]) -> None:
        self._ended = ()
        await learn_directory(conn, [m for m in messages if m.topic == DIRECTORY])
        sessions = [await channel.begin(conn) for channel in self._channels]
        wanted = [m for m in messages if m.topic != DIRECTORY and _is_wanted(m, [s.wants for s in sessions])]
        events = cast(list[Pair], read(wanted, _skip))
        if not events:
            return
        now = (await self._clock.moment(conn)).now
        batch = Batch(now, events, await decide(conn, events))
        self._ended = [ended for session in sessions for ended in await session.take(batch)]
        await publish(conn, self._ended, now)

    def committed(self) -> None:
        for ended in self._ended:
            metrics.count(ended.channel, ended.kind, ended.state)
        self._ended = ()
        for channel in self._channels:
            channel.wake()


async def learn_directory(conn: Connection, messages: Sequence[Message]) -> None:
    """Keep who holds which post."""
    facts = [
        holder_fact(received, event)
        for received, event in read(messages, _skip)
        if isinstance(event, HolderAssigned | HolderEnded)
    ]
    if facts:
        await store.insert_holder_facts(conn, facts)


async def decide(conn: Connection, events: Sequence[Pair]) -> list[Written]:
    """Who is told what, in the order of the batch. What is known of the cases moves on with each event."""
    told = [(received, cast(Told, event)) for received, event in events if isinstance(event, TOLD)]
    known = await _tenures(conn, told)
    cases = await _cases(conn, told)
    changed: dict[CaseKey, Case] = {}
    written = []
    for received, event in told:
        case = None
        before = None
        if isinstance(event, CaseEvent):
            key = (received.subject, event.case_id)
            before = cases.get(key)
            case = cases[key] = changed[key] = rules.learn(before, case_of(received, event))
        facts = facts_of(event, case)
        for notice in plan(received, event, before, known):
            texts = [render(facts, notice, language) for language in ("en", "zh")]
            written.append(Written(notice, received.subject, facts["case_id"], *texts))
    if changed:
        await store.upsert_cases(conn, [changed[key] for key in sorted(changed)])
    return written


def plan(received: Received, event: Told, before: Case | None, known: Directory) -> Sequence[Notice]:
    """The rule of each type, with what it asks for."""
    about, kind, origin = ref_of(received), received.type, event.origin
    match event:
        case DeadlineWarned(holding=holding):
            to = reach(known, event.authority, holding.unit or event.unit, received.time)
            return rules.to_handler(about, kind, origin, holding.person, to)
        case CaseOpened() | CaseEscalated() | CaseReinstated():
            return rules.to_addressee(about, kind, origin, reach_of(event.addressee))
        case CaseWithdrawn():
            return rules.to_told(about, kind, origin, event.told)
        case CaseRevised():
            return rules.to_revised(about, kind, origin, before, case_of(received, event))


async def _tenures(conn: Connection, told: Sequence[tuple[Received, Told]]) -> Directory:
    """Of the units whose warnings name nobody."""
    units = {
        (event.authority, event.holding.unit or event.unit)
        for _, event in told
        if isinstance(event, DeadlineWarned) and event.holding.person is None
    }
    return tenures(await store.select_holder_facts(conn, sorted(units, key=str))) if units else {}


async def _cases(conn: Connection, told: Sequence[tuple[Received, Told]]) -> dict[CaseKey, Case]:
    keys = {(received.subject, event.case_id) for received, event in told if isinstance(event, CaseEvent)}
    return await store.select_cases(conn, sorted(keys)) if keys else {}


def _is_wanted(message: Message, wants: Sequence[Callable[[str], bool]]) -> bool:
    """By the header alone. A message without a readable type goes on to be refused where messages are read; an unknown
    type goes on to be counted."""
    type_ = next((value for name, value in message.headers if name == "ce_type"), None)
    try:
        name = (type_ or b"").decode()
    except UnicodeDecodeError:
        return True
    return name in _TOLD_TYPES or name not in _KNOWN_TYPES[message.topic] or any(want(name) for want in wants)


def _skip(_: str) -> None:
    metrics.SKIPPED.inc()
