"""A batch of events: the directory's facts are kept, then everybody who must know of the rest is told, once.

Events of types that neither people nor subscribers are told of are passed over by their header, unparsed. Facts of the
directory come first within a batch, because a warning may need the holder that stands behind it there.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from services.notification import metrics, store
from services.notification.channels import Batch, Channel
from services.notification.forms import AddresseeText
from services.notification.publish import Ended, publish
from services.notification.reading import (
    CASES,
    DEADLINES,
    DIRECTORY,
    SLIPS,
    STEPS,
    TOPICS,
    Told,
    hands_of,
    holder_fact,
    overseer_of,
    reach_of,
    told,
    type_of,
)
from services.notification.rules import notices as rules
from services.notification.rules.directory import Directory, Reach, reach
from services.notification.rules.notices import Case, Notice
from services.notification.rules.rest import Rest
from services.notification.store import CaseKey, Written
from services.notification.texts.facts import facts_of, kept
from shared.clock import Clock
from shared.events.accountability import (
    CaseEscalated,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWentLive,
    CaseWithdrawn,
)
from shared.events.deadline import DeadlineWarned
from shared.events.oversight import CaseAssigned, CaseOverseerLate
from shared.events.rectification import (
    RectificationNotOverdue,
    RectificationOpened,
    RectificationOrdered,
    RectificationOverdue,
    RectificationRejected,
)
from shared.inbox import Message
from shared.postgres import Connection
from shared.reading import read

__all__ = ["TOPICS", "Notifier"]
WAITING = (CASES, DEADLINES)


STEP_KINDS = frozenset(event.TYPE for event in STEPS)
SLIP_KINDS = frozenset(event.TYPE for event in SLIPS)


class Notifier:
    """What the consumer calls with each batch. `committed` counts it and wakes the channels once it has gone through;
    a batch that was rolled back is not counted."""

    def __init__(self, clock: Clock, channels: Sequence[Channel], rest: Rest | None = None) -> None:
        self._clock = clock
        self._rest = rest or Rest()
        self._channels = channels
        self._ended: Sequence[Ended] = ()

    async def handle(self, conn: Connection, messages: Sequence[Message]) -> None:
        self._ended = ()
        self._rest.took(len(messages), asyncio.get_running_loop().time())
        await learn_directory(conn, [m for m in messages if m.topic == DIRECTORY])
        sessions = [await channel.begin(conn) for channel in self._channels]
        messages = [m for m in messages if m.topic != DIRECTORY]
        events = told(messages, _skip)
        wanted = {name for name in {type_of(m) for m in messages} if name and any(s.wants(name) for s in sessions)}
        if not events and not wanted:
            return
        now = (await self._clock.moment(conn)).now
        batch = Batch(now, [m for m in messages if type_of(m) in wanted] if wanted else (), await decide(conn, events))
        self._ended = [ended for session in sessions for ended in await session.take(batch)]
        await publish(conn, self._ended, now)

    def held(self) -> Collection[str]:
        """The topics that wait."""
        return WAITING if self._rest.lasts(asyncio.get_running_loop().time()) else ()

    def committed(self) -> None:
        for ended in self._ended:
            metrics.count(ended.channel, ended.kind, ended.state)
        metrics.GATHERED.inc(sum(ended.digest is not None for ended in self._ended))
        self._ended = ()
        for channel in self._channels:
            channel.wake()


async def learn_directory(conn: Connection, messages: Sequence[Message]) -> None:
    """Keep who holds which post."""
    found = (holder_fact(received, event) for received, event in read(messages, _skip))
    facts = [fact for fact in found if fact is not None]
    if facts:
        await store.insert_holder_facts(conn, facts)


async def decide(conn: Connection, events: Sequence[Told]) -> list[Written]:
    """Who is told what, in order. What is known of the cases moves on with each event."""
    known = await _directory(conn, events)
    cases = await _cases(conn, events)
    changed: dict[CaseKey, Case] = {}
    written = []
    for event in events:
        case = before = None
        if event.case is not None:
            key = (event.key, event.case.id)
            before = cases.get(key)
            case = cases[key] = changed[key] = rules.learn(before, event.case)
        notices = plan(event, before, known)
        if (team := event.said.get("team")) is not None and event.kind != CaseRevised.TYPE:
            followers = team.get("project_manager"), team.get("first_contact")
            notices = rules.with_followers(notices, event.about, event.kind, event.origin, followers)
        if notices:
            facts = facts_of(event, case)
            written += [Written(n, event.key, facts["case_id"], kept(facts, n)) for n in notices]
    if changed:
        await store.upsert_cases(conn, [changed[key] for key in sorted(changed)])
    return written


def plan(event: Told, before: Case | None, known: Directory) -> Sequence[Notice]:
    """The rule of each type, with what it asks for."""
    about, kind, origin, said = event.about, event.kind, event.origin, event.said
    match kind:
        case DeadlineWarned.TYPE if event.at is not None:
            unit, person = hands_of(said)
            return rules.to_handler(about, kind, origin, person, reach(known, said["authority"], unit, event.at))
        case kind if kind in SLIP_KINDS and event.at is not None:
            unit, person = hands_of(said)
            to = reach(known, said["authority"], unit, event.at)
            return rules.to_handler(about, kind, origin, person, to, "had")
        case CaseOpened.TYPE | CaseEscalated.TYPE | CaseReinstated.TYPE:
            return rules.to_addressee(about, kind, origin, reach_of(said["addressee"]))
        case CaseWentLive.TYPE:
            since = datetime.fromisoformat(said["occurred_at"])
            return rules.to_live(about, kind, origin, reach_of(said["addressee"]), since)
        case CaseOverseerLate.TYPE:
            return rules.to_charged(about, kind, origin, overseer_of(said["addressee"]), "oversees")
        case CaseAssigned.TYPE:
            return rules.to_charged(about, kind, origin, Reach(said["assignee"], "direct", ()), "assigned")
        case (
            RectificationOrdered.TYPE | RectificationOpened.TYPE | RectificationRejected.TYPE
            | RectificationOverdue.TYPE | RectificationNotOverdue.TYPE
        ):  # fmt: skip
            return rules.to_charged(about, kind, origin, reach_of(cast(AddresseeText, said["addressee"])), "rectifies")
        case CaseWithdrawn.TYPE:
            return rules.to_told(about, kind, origin, said["told"])
        case kind if kind in STEP_KINDS:
            return rules.to_told(about, kind, origin, said.get("told", ()))
        case CaseRevised.TYPE if event.case is not None:
            return rules.to_revised(about, kind, origin, before, event.case)
    raise ValueError(f"{kind} tells nobody anything")


async def _directory(conn: Connection, events: Sequence[Told]) -> Directory:
    """Of the units whose warnings and slips name nobody."""
    units = {
        (event.said["authority"], unit)
        for event in events
        if event.at is not None
        for unit, person in (hands_of(event.said),)
        if person is None
    }
    return Directory(await store.select_holder_facts(conn, sorted(units, key=str)) if units else ())


async def _cases(conn: Connection, events: Sequence[Told]) -> dict[CaseKey, Case]:
    keys = {(event.key, event.case.id) for event in events if event.case is not None}
    return await store.select_cases(conn, sorted(keys)) if keys else {}


def _skip(_: str) -> None:
    metrics.SKIPPED.inc()
