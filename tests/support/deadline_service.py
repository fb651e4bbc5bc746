"""One deadline service on a real database: events as intake and accountability publish them in, rows and events out."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from services.deadline import handlers, store
from services.deadline.publish import TOPIC
from services.deadline.rules.stored import Stored
from services.deadline.store import Key
from services.deadline.sweep import Sweep
from shared import outbox
from shared.clock import Moment
from shared.events.accountability import (
    Addressee,
    CaseAnswered,
    CaseEvent,
    CaseOpened,
    CaseReinstated,
    CaseWithdrawn,
)
from shared.events.base import Event, EventRef, aggregate_key
from shared.events.catalog import EVENTS
from shared.events.deadline import ClockEvent
from shared.events.envelope import Received
from shared.events.intake import MATTER_EVENTS
from shared.events.limits import LimitTerms
from shared.inbox import Message
from shared.outbox import Relay
from shared.postgres import Connection, Pool
from shared.reading import read

MIGRATIONS = Path(handlers.__file__).parent / "migrations"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MODELS: dict[str, type[Event]] = {event.TYPE: event for event in (*MATTER_EVENTS, *EVENTS["case-events"])}
_offset = count()


def at(text: str) -> datetime:
    """An instant of 2026 in Shanghai, such as `03-02 09:00`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def terms(clock: str = "promised", amount: str | None = "2wd", **changes: Any) -> LimitTerms:
    """A limit from registration to closure, in China."""
    fields: dict[str, Any] = {
        "clock": clock, "amount": amount, "zone": "Asia/Shanghai", "calendar": "CN",
        "starts_on": ("matter.registered",), "stops_on": ("matter.closed",), "source": "not verified",
    }  # fmt: skip
    return LimitTerms(**(fields | changes))


def content(type_: str, name: tuple[str, str], when: datetime | date, issued: datetime, **says: Any) -> Event:
    """The data of an event on `matter-events`."""
    model = MODELS[type_]
    fields: dict[str, Any] = {
        "submission": EventRef(source=name[0], id=name[1]), "issued_at": issued, "received_at": issued,
    }  # fmt: skip
    if "occurred_at" in model.model_fields:
        fields["occurred_at"] = when
    if type_ == "matter.registered":
        fields |= {"item": "licence", "unit": "u1", "item_version": "1", "limits": (terms(),)}
    return model(**(fields | says))


def message(event: Event, id: str, key: Key = ("A", "1"), revision: int = 1, when: datetime | None = None) -> Message:
    """The event as it comes from Kafka."""
    topic = "case-events" if isinstance(event, CaseEvent) else "matter-events"
    source = "/duban/accountability" if isinstance(event, CaseEvent) else "/duban/intake"
    sent = outbox.message(
        topic, event, id=id, source=source, subject=aggregate_key(*key), time=when or at("03-01 00:00"),
        revision=revision, causation=None,
    )  # fmt: skip
    return received(sent)


def received(sent: outbox.Message) -> Message:
    """What the relay sends, as a consumer gets it."""
    headers = tuple((name, value.encode()) for name, value in orjson.loads(sent.headers).items())
    return Message(sent.topic, 0, next(_offset), sent.key.encode(), sent.body, headers)


def fact(type_: str, id: str, when: datetime | date, *, key: Key = ("A", "1"), **says: Any) -> Message:
    """A fact of a matter; its issue is its instant, unless said otherwise."""
    issued = says.pop("issued", when if isinstance(when, datetime) else at("03-01 00:00"))
    return message(content(type_, ("/a", id), when, issued, **says), f"event-{id}", key)


def watermark(up_to: datetime, *, key: Key = ("A", "1"), source: str = "/a", authority: str | None = None) -> Message:
    """A source's watermark, as intake publishes it into the partition of that matter."""
    id = f"w-{source}-{up_to:%m%d%H%M}"
    said = content("source.watermark", (source, id), up_to, up_to, up_to=up_to)
    sent = message(said, id, (authority or key[0], "watermark"))
    return sent._replace(partition=store.bucket(key))


def case_content(
    type_: str, when: datetime, key: Key, case_id: str, limits: tuple[LimitTerms, ...], unit: str | None
) -> Event:
    """The data of an event on `case-events`."""
    miss, nobody = EventRef(source="/duban/deadline", id="m1"), Addressee(role="direct")
    due: dict[str, Any] = {"due": date(2026, 3, 4), "item": "licence", "unit": unit}
    begun: dict[str, Any] = {**due, "miss": miss, "limits": limits, "responsible": (), "addressee": nobody}
    more: dict[type[Event], dict[str, Any]] = {
        CaseOpened: begun | {
            "clock": "promised", "late_from": when, "detected_at": when, "rulebook": "1", "ladder": (),
        },
        CaseReinstated: begun,
        CaseWithdrawn: {**due, "reason": "met", "cause": miss, "told": ()},
        CaseAnswered: {"answered_by": "p1"},
    }  # fmt: skip
    model: Any = MODELS[type_]
    event: Event = model(case_id=case_id, authority=key[0], matter=key[1], occurred_at=when, **more[model])
    return event


def case(type_: str, revision: int, when: datetime, *, key: Key = ("A", "1"), amount: str = "1wd") -> Message:
    """An event of the matter's case `c1`, whose limit is to answer."""
    limit = terms("answer", amount, starts_on=("case.opened", "case.reinstated"), stops_on=("case.answered",))
    return message(case_content(type_, when, key, "c1", (limit,), "u1"), f"case-{revision}", key, revision, when)


@dataclass
class SetClock:
    """A clock that stands where the test sets it. `confirmed` None follows it (D8)."""

    now: datetime
    confirmed: datetime | None = None
    asked: int = 0

    async def moment(self, conn: Connection) -> Moment:
        self.asked += 1
        return Moment(self.now, self.confirmed or self.now)


class Service:
    """The handler and the sweep over one database."""

    def __init__(self, pool: Pool, now: datetime) -> None:
        self.pool = pool
        self.clock = SetClock(now)
        self.handle = handlers.handler(self.clock)

    async def deliver(self, *batch: Message) -> None:
        """One batch in one transaction."""
        async with self.pool.acquire() as conn, conn.transaction():
            await self.handle(conn, batch)

    def sweep(self, pool: Pool | None = None, *, batch: int = 1000, poll_s: float = 60) -> Sweep:
        relay = Relay(self.pool, "nowhere:1", service="deadline", idempotent=False)
        return Sweep(pool or self.pool, self.clock, relay, batch=batch, poll_s=poll_s)

    async def move_to(self, now: datetime) -> None:
        """Set the clock and sweep until there is nothing left to do."""
        self.clock.now = now
        while (result := await self.sweep().run_once()).fired or result.folded:
            pass

    async def rows(self, key: Key = ("A", "1")) -> dict[tuple[str, str], Stored]:
        async with self.pool.acquire() as conn:
            found = await store.select_clocks(conn, [(key, None)])
        return {(row.name, row.subject): row for row in found.get((key, None), [])}

    async def published(self) -> list[tuple[Received, ClockEvent]]:
        """Everything in the outbox, in order, as consumers read it."""
        async with self.pool.acquire() as conn:
            rows = await conn.fetch("select topic, key, event_id, headers, body from outbox order by id")
        assert {row["topic"] for row in rows} <= {TOPIC}
        found = []
        for heard, event in read([received(outbox.Message(**row)) for row in rows], lambda type_: None):
            assert isinstance(event, ClockEvent)
            found.append((heard, event))
        return found

    async def told(self) -> list[str]:
        """The types of all published events, without their prefix."""
        return [heard.type.removeprefix("deadline.") for heard, _ in await self.published()]

    async def assert_revisions_have_no_gaps(self) -> None:
        """I17, and no event id twice."""
        ids: Counter[str] = Counter()
        seen: dict[tuple[str, str, str], int] = {}
        for heard, event in await self.published():
            clock = heard.subject, event.clock, event.subject
            seen[clock] = seen.get(clock, 0) + 1
            ids[heard.id] += 1
            assert heard.revision == seen[clock], clock
        assert not ids or max(ids.values()) == 1


HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
