"""One notification service on a real database: events in, notices and events out; a webhook receiver."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson

from services.notification import handlers, store
from services.notification.calling import Caller, Resolve, resolve
from services.notification.channels.inbox import Inbox
from services.notification.channels.webhook import Webhooks
from services.notification.handlers import Notifier
from services.notification.rules.digests import Ration
from services.notification.rules.webhooks import Policy
from services.notification.sender import Sender
from services.notification.showing import texts_of
from services.notification.texts.words import LANGUAGES
from shared import inbox, outbox
from shared.clock import Moment
from shared.events.accountability import (
    Addressee,
    CaseAnswered,
    CaseEscalated,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWithdrawn,
    Responsible,
    Rung,
)
from shared.events.base import Event, EventRef, aggregate_key
from shared.events.deadline import DeadlineWarned, Holding
from shared.events.intake import HolderAssigned, HolderEnded
from shared.events.limits import LimitTerms
from shared.postgres import Connection, Pool

MIGRATIONS = Path(handlers.__file__).parent / "migrations"
SHANGHAI = ZoneInfo("Asia/Shanghai")
AUTHORITY, UNIT = "licheng", "licensing"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZw=="
MISS = EventRef(source="/duban/deadline", id="the-miss")
LIMIT = LimitTerms(
    clock="rung-1", amount="1wd", zone="Asia/Shanghai", calendar="CN", starts_on=("case.opened",),
    stops_on=("case.answered",), source="rulebook",
)  # fmt: skip
_offset = count()


def at(text: str) -> datetime:
    """An instant in Shanghai, such as 2026-03-10T17:00."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def warned(person: str | None = None, *, unit: str | None = UNIT, **changes: Any) -> DeadlineWarned:
    return DeadlineWarned.model_validate(
        {
            "authority": AUTHORITY, "matter": "M1", "clock": "decision", "item": "general-licence", "unit": unit,
            "due": date(2026, 3, 10), "late_from": at("2026-03-11T00:00"), "warning": "5wd",
            "holding": Holding(since=at("2026-03-03T00:00"), unit=unit, person=person), **changes,
        }
    )  # fmt: skip


def responsible(**people: str | None) -> tuple[Responsible, ...]:
    """responsible(direct="li", leading=None): who is proposed for which role."""
    return tuple(
        Responsible.model_validate({"role": role, "person": person, "rule": "R25", "because": "so it was held"})
        for role, person in people.items()
    )


def addressee(person: str | None, role: str = "direct", skipped: Sequence[str] = ()) -> Addressee:
    return Addressee.model_validate({"role": role, "person": person, "skipped": tuple(skipped)})


def _case(changes: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": "C1", "authority": AUTHORITY, "matter": "M1", "occurred_at": at("2026-03-11T00:00"), **changes}


_ABOUT: dict[str, Any] = {"due": date(2026, 3, 10), "unit": UNIT, "item": "general-licence"}


def opened(to: Addressee | None = None, **changes: Any) -> CaseOpened:
    said = {
        **_ABOUT, "clock": "decision", "late_from": at("2026-03-11T00:00"), "detected_at": at("2026-03-11T00:00"),
        "miss": MISS, "rulebook": "default/2026", "responsible": responsible(direct="li", leading="wang"),
        "ladder": (Rung(rung=0, role="direct"), Rung(rung=1, role="leading", after="1wd")), "limits": (LIMIT,),
        "addressee": to or addressee("li"), **changes,
    }  # fmt: skip
    return CaseOpened.model_validate(_case(said))


def escalated(to: Addressee, **changes: Any) -> CaseEscalated:
    said = {**_ABOUT, "rung": 1, "addressee": to, "miss": MISS, "last": False, "responsible": responsible(direct="li")}
    return CaseEscalated.model_validate(_case({**said, **changes}))


def reinstated(to: Addressee, **changes: Any) -> CaseReinstated:
    said = {**_ABOUT, "miss": MISS, "limits": (LIMIT,), "responsible": responsible(direct="li"), "addressee": to}
    return CaseReinstated.model_validate(_case({**said, **changes}))


def withdrawn(*told: str, **changes: Any) -> CaseWithdrawn:
    cause = EventRef(source="/licheng/approval", id="the-closure")
    return CaseWithdrawn.model_validate(_case({**_ABOUT, "reason": "met", "cause": cause, "told": told, **changes}))


def revised(**people: str | None) -> CaseRevised:
    return CaseRevised.model_validate(_case({"responsible": responsible(**people), "reason": "directory-fact"}))


def answered() -> CaseAnswered:
    return CaseAnswered.model_validate(_case({"answered_by": "li"}))


def assigned(person: str, role: str, since: str, *, unit: str | None = UNIT) -> HolderAssigned:
    return HolderAssigned.model_validate(
        {
            "occurred_at": date.fromisoformat(since), "zone": "Asia/Shanghai", "person": person, "role": role,
            "unit": unit, **_recorded(f"{person}-{role}-{since}"),
        }
    )  # fmt: skip


def ended(person: str, day: str) -> HolderEnded:
    return HolderEnded.model_validate(
        {
            "occurred_at": date.fromisoformat(day), "zone": "Asia/Shanghai", "person": person,
            **_recorded(f"{person}-ended-{day}"),
        }
    )  # fmt: skip


def _recorded(id: str) -> dict[str, Any]:
    seen = at("2026-01-01T00:00")
    return {"submission": EventRef(source="/licheng/personnel", id=id), "issued_at": seen, "received_at": seen}


def outgoing(event: Event, *, id: str = "", revision: int = 1, post: str = "", seen: str = "2026-03-04T09:00") -> Any:
    """The event as its producer's outbox has it. `post` names the aggregate of a directory event."""
    said = event.to_data()
    directory = isinstance(event, HolderAssigned | HolderEnded)
    cases = "case-events", "/duban/cases"
    of = {"deadline": ("deadline-events", "/duban/deadline"), "case": cases, "rectification": cases, "slip": cases}
    topic, source = of.get(event.TYPE.partition(".")[0], ("directory-events", "/duban/intake"))
    key = aggregate_key(AUTHORITY, post) if directory else aggregate_key(said["authority"], said["matter"])
    return outbox.message(
        topic, event, id=id or f"{event.TYPE}-{said.get('case_id')}-{revision}-{uuid4() if directory else said}"[:200],
        source=source, subject=key, time=at(seen), revision=revision, causation="the-cause",
    )  # fmt: skip


def delivered(event: Event, **about: Any) -> inbox.Message:
    """The event as it comes from Kafka; each time at another offset."""
    return incoming(outgoing(event, **about))


def incoming(out: outbox.Message) -> inbox.Message:
    headers = tuple((name, value.encode()) for name, value in orjson.loads(out.headers).items())
    return inbox.Message(out.topic, 0, next(_offset), out.key.encode(), out.body, headers)


@dataclass
class StandingClock:
    """Says what the test says."""

    now: datetime

    async def moment(self, conn: Connection) -> Moment:
        return Moment(self.now, self.now)


@dataclass
class World:
    """Feed it messages; ask who was told what."""

    pool: Pool
    clock: StandingClock = field(default_factory=lambda: StandingClock(datetime(2026, 3, 4, 1, tzinfo=UTC)))
    ration: Ration = field(default_factory=lambda: Ration(50, timedelta(hours=1)))
    asked: list[str] = field(default_factory=list)
    """Every statement of every batch."""

    async def feed(self, *messages: inbox.Message) -> None:
        """One batch, one transaction, as the consumer does."""
        notifier = Notifier(self.clock, (Inbox(self.ration), Webhooks(lambda: None)))
        async with self.pool.acquire() as conn, conn.transaction():
            with conn.query_logger(lambda record: self.asked.append(record.query)):
                await notifier.handle(conn, messages)
        notifier.committed()

    async def subscribe(self, url: str, *types: str) -> str:
        id = uuid4()
        async with self.pool.acquire() as conn:
            await store.insert_subscription(conn, id, url, types, SECRET, self.clock.now)
        return str(id)

    async def notices(self) -> list[dict[str, Any]]:
        rows = await self.rows("select * from notices order by created_at, recipient, about_id")
        texts = [texts_of(row, LANGUAGES).items() for row in rows]
        return [
            r | {f"{part}_{code}": t[part] for code, t in of for part in t} for r, of in zip(rows, texts, strict=True)
        ]

    async def told(self) -> set[tuple[str, str, str]]:
        return {(n["recipient"], n["kind"], n["state"]) for n in await self.notices()}

    async def deliveries(self) -> list[dict[str, Any]]:
        return await self.rows("select * from deliveries order by about_id, subscription")

    async def attempts(self) -> list[tuple[int, str | None, int | None]]:
        rows = await self.rows("select number, outcome, status from attempts order by delivery, number")
        return [(row["number"], row["outcome"], row["status"]) for row in rows]

    async def published(self) -> list[dict[str, Any]]:
        """Content and envelope of what went to the outbox, in order."""
        found = []
        for row in await self.rows("select headers, body from outbox order by id"):
            envelope = {n.removeprefix("ce_"): value for n, value in orjson.loads(row["headers"]).items()}
            found.append({**orjson.loads(row["body"]), "type": envelope["type"], "envelope": envelope})
        return found

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with self.pool.acquire() as conn:
            return [dict(row) for row in await conn.fetch(query)]

    def sender(
        self,
        *,
        attempts: int = 5,
        backoff_s: float = 0.0,
        lease_s: float = 60.0,
        timeout_s: float = 5.0,
        allow_private: bool = True,
        resolve: Resolve = resolve,
        caller: Caller | None = None,
        committed: Callable[[], None] = lambda: None,
    ) -> Sender:
        """Without a backoff a failed delivery is due at once: no test waits for a retry."""
        calling = caller or Caller(timeout_s=timeout_s, allow_private=allow_private, resolve=resolve)
        return Sender(
            self.pool, self.clock, calling, Policy(attempts, backoff_s, backoff_s), committed=committed, batch=100,
            poll_s=0.05, lease=timedelta(seconds=lease_s), jitter=lambda: 0.5,
        )  # fmt: skip


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A webhook receiver that records what comes. `answers` are given in turn, then 204; each is a status, a raw
    answer, or None for none at all."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    answers: list[int | bytes | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Request(first.split(" ")[1], headers, body))
        answer = self.answers.pop(0) if self.answers else 204
        if answer is None:
            await reader.read()  # until the caller has had enough
        elif isinstance(answer, bytes):
            writer.write(answer)
        else:
            writer.write(f"HTTP/1.1 {answer} so\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def receiving(*answers: int | bytes | None) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def uuids(rows: Sequence[dict[str, Any]]) -> list[UUID]:
    return [row["id"] for row in rows]
