"""One accountability service's handler on a real database: misses and directory facts in, cases and events out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from services.accountability import rulebook
from services.accountability.config import SHIPPED
from services.accountability.handlers import handler
from services.accountability.issuer import work_off
from services.accountability.rules.identity import case_id, opening_id
from services.accountability.rules.model import CaseKey
from shared import inbox, outbox
from shared.clock import Moment
from shared.events.base import Event, EventRef, aggregate_key
from shared.events.deadline import DeadlineMissed, DeadlineWithdrawn, FactUsed, Holding
from shared.events.intake import HolderAssigned, HolderEnded
from shared.events.limits import LimitTerms
from shared.events.organisation import DIRECTORY_EVENTS
from shared.kafka import Handle
from shared.postgres import Connection

MIGRATIONS = Path(rulebook.__file__).parent / "migrations"
BOOK = rulebook.load(SHIPPED)
SHANGHAI = ZoneInfo("Asia/Shanghai")
AUTHORITY, UNIT = "licheng", "licensing"
LIMIT = LimitTerms(
    clock="promised", amount="5wd", zone="Asia/Shanghai", calendar="CN", starts_on=("matter.registered",),
    stops_on=("matter.closed",), source="not verified",
)  # fmt: skip
_offset = count()


def day(text: str) -> datetime:
    """00:00 of a day in Shanghai."""
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), SHANGHAI)


def late_from(due: str) -> datetime:
    """The end of a day limit's last day."""
    return day(due) + timedelta(days=1)


@dataclass
class StandingClock:
    """Says what the test says."""

    now: datetime

    async def moment(self, conn: Connection) -> Moment:
        return Moment(self.now, self.now)


def missed(matter: str = "M1", due: str = "2026-03-10", **changes: Any) -> DeadlineMissed:
    """A miss of the matter's promised limit, in the hands of the unit but of no named person."""
    return DeadlineMissed.model_validate(
        {
            "authority": AUTHORITY,
            "matter": matter,
            "clock": "promised",
            "item": "business-licence",
            "unit": UNIT,
            "due": date.fromisoformat(due),
            "late_from": late_from(due),
            "limit": LIMIT,
            "calendar": "CN 2026-1",
            "detected_at": late_from(due) + timedelta(seconds=1),
            "holdings": (Holding(since=day("2026-03-03"), unit=UNIT),),
            "facts": (
                FactUsed(
                    type="matter.registered", occurred_at=day("2026-03-03"), source="/licheng/approval",
                    id=f"submission-of-{matter}", event=f"event-of-{matter}",
                ),
            ),
            **changes,
        }
    )  # fmt: skip


def in_hands_of(person: str | None, since: str = "2026-03-03", until: str | None = None, unit: str = UNIT) -> Holding:
    return Holding(since=day(since), until=None if until is None else day(until), unit=unit, person=person)


def untrue(matter: str = "M1", due: str = "2026-03-10", reason: str = "met", **changes: Any) -> DeadlineWithdrawn:
    """That miss, taken back."""
    return DeadlineWithdrawn.model_validate(
        {
            "authority": AUTHORITY,
            "matter": matter,
            "clock": "promised",
            "due": date.fromisoformat(due),
            "late_from": late_from(due),
            "reason": reason,
            "facts": (),
            **changes,
        }
    )


def rung_missed(
    case: UUID, rung: int, due: str, matter: str = "M1", *, since: str = "2026-03-11", started_by: str = ""
) -> DeadlineMissed:
    """A case's own limit passed unanswered; it ran from the case's opening, or from the reinstatement `started_by`."""
    opening = opening_id(case)
    facts = tuple(
        FactUsed(type=type_, occurred_at=day(since), source="/duban/accountability", id=id, event=id)
        for type_, id in (("case.opened", opening), ("case.reinstated", started_by))
        if id
    )
    return missed(matter, due, clock=f"rung-{rung}", subject=f"case:{case}", facts=facts, holdings=())


def assigned(person: str, role: str, since: str, *, unit: str | None = UNIT, id: str = "") -> HolderAssigned:
    return HolderAssigned.model_validate(
        {
            "occurred_at": date.fromisoformat(since),
            "zone": "Asia/Shanghai",
            "person": person,
            "role": role,
            "unit": unit,
            **_recorded(id or f"{person}-{role}-{since}"),
        }
    )


def ended(person: str, at: str, *, id: str = "") -> HolderEnded:
    return HolderEnded.model_validate(
        {
            "occurred_at": date.fromisoformat(at),
            "zone": "Asia/Shanghai",
            "person": person,
            **_recorded(id or f"{person}-ended-{at}"),
        }
    )


def stated(
    type_: str, about: str, since: str, *, id: str = "", issued: str = "2026-01-01", **said: Any
) -> inbox.Message:
    """A fact of the directory about a post, a unit or a person on leave, as it comes from Kafka. `replaces` is the id
    of the fact that it corrects, or takes back where `type_` is retracted."""
    given = id or f"{type_}-{about}-{since}"
    replaces = said.pop("replaces", None)
    until = {"until": date.fromisoformat(said.pop("until"))} if "until" in said else {}
    data = {"occurred_at": date.fromisoformat(since), "zone": "Asia/Shanghai", **said, **until}
    if replaces is not None:
        fact = {"type": type_, "data": {k: v.isoformat() if isinstance(v, date) else v for k, v in data.items()}}
        data = {"replaces": EventRef(source="/licheng/personnel", id=replaces), "fact": fact}
        type_ = "fact.corrected"
        if fact["type"] == "retracted":
            del data["fact"]
            type_ = "fact.retracted"
    model = next(event for event in DIRECTORY_EVENTS if type_ == event.TYPE)
    return delivered(model.model_validate(data | _recorded(given) | {"issued_at": day(issued)}), post=about)


def _recorded(id: str) -> dict[str, Any]:
    return {
        "submission": EventRef(source="/licheng/personnel", id=id),
        "issued_at": day("2026-01-01"),
        "received_at": day("2026-01-01"),
    }


def delivered(event: Event, *, revision: int = 1, post: str = "", id: str = "") -> inbox.Message:
    """The event as it comes from Kafka. `post` names the aggregate of a directory event."""
    said = event.to_data()
    directory = type(event) in DIRECTORY_EVENTS
    key = aggregate_key(AUTHORITY, post) if directory else aggregate_key(said["authority"], said["matter"])
    source, topic = ("/duban/intake", "directory-events") if directory else ("/duban/deadline", "deadline-events")
    out = outbox.message(
        topic, event,
        id=id or f"{event.TYPE}|{key}|{said.get('clock')}|{said.get('subject')}|{said.get('late_from')}|{revision}"
        + (f"|{said['submission']['id']}" if directory else ""),
        source=source, subject=key, time=day("2026-03-11"), revision=revision, causation=None,
    )  # fmt: skip
    headers = tuple((name, value.encode()) for name, value in orjson.loads(out.headers).items())
    return inbox.Message(topic, 0, next(_offset), key.encode(), out.body, headers)


def key_of(matter: str = "M1", due: str = "2026-03-10", clock: str = "promised", subject: str = "") -> CaseKey:
    matter_key = aggregate_key(AUTHORITY, matter)
    return CaseKey(AUTHORITY, matter, case_id(matter_key, clock, subject, late_from(due)))


@dataclass
class World:
    """Feed it messages; ask what stands and what was published."""

    conn: Connection
    clock: StandingClock = field(default_factory=lambda: StandingClock(datetime(2026, 3, 11, 1, tzinfo=UTC)))
    handle: Handle = field(init=False)

    def __post_init__(self) -> None:
        self.handle = handler(self.clock, BOOK)

    async def feed(self, *messages: inbox.Message) -> None:
        """One batch, one transaction; then the cards that come of it."""
        async with self.conn.transaction():
            await self.handle(self.conn, messages)
        await self.issue_cards()

    async def issue_cards(self) -> None:
        """Of all that was left for cards and that nobody else is at."""
        async with self.conn.transaction():
            await work_off(self.conn, BOOK.cards, self.clock)

    async def cases(self) -> list[dict[str, Any]]:
        rows = await self.conn.fetch("select * from cases order by authority, matter, case_id")
        return [dict(row) for row in rows]

    async def case(self) -> dict[str, Any]:
        (case,) = await self.cases()
        return case

    async def published(self) -> list[dict[str, Any]]:
        """Content, type and envelope of all events of cases that went to the outbox, in order."""
        return [event for event in await self._sent() if event["type"].startswith("case.")]

    async def cards_published(self) -> list[dict[str, Any]]:
        """The same of cards."""
        return [event for event in await self._sent() if event["type"].startswith("card.")]

    async def _sent(self) -> list[dict[str, Any]]:
        rows = await self.conn.fetch("select headers, body from outbox order by id")
        found: list[dict[str, Any]] = []
        for row in rows:
            headers = orjson.loads(row["headers"])
            attributes = {name.removeprefix("ce_"): value for name, value in headers.items()}
            found.append({**orjson.loads(row["body"]), "type": attributes["type"], "envelope": attributes})
        return found

    async def types(self) -> list[str]:
        return [event["type"] for event in await self.published()]

    async def clear(self) -> None:
        """As if nothing had happened: for the next example of a property test."""
        await self.conn.execute(
            "truncate cases, attribution_states, cards, card_words, told_words, verdicts, case_events, escalations,"
            " answers, ended_limits, directory_facts, holdings, vacancies, posts, unit_places, leaves,"
            " directory_conflicts, directory_versions, people, outbox"
        )


def people(responsible: Sequence[dict[str, Any]]) -> dict[str, str | None]:
    return {entry["role"]: entry.get("person") for entry in responsible}
