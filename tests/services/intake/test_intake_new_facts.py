"""Pauses, corrections, tasks, calendars and confirmations through intake: published whole, or refused with a place."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.parsing import Raw, Unreadable, parse
from services.intake.permission import Admission
from shared.events.envelope import STRUCTURED
from shared.events.intake import CalendarPublished, CorrectionRequested, TaskAssigned
from shared.inbox import TOKEN, Message
from tests.support.identity import Issuer
from tests.support.intake_submissions import event, new_key
from tests.support.intake_world import World, intake_world

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "shared/events/examples/submissions").glob("*.json"))
KIND = ("content-type", STRUCTURED.encode())
OWN: dict[str, Any] = {"authorities": ["licheng"], "sources": ["/quanzhou/licheng"]}
CALENDAR = {
    "years": [2027, 2027],
    "source": "a notice",
    "rest": [{"since": "2027-01-01", "name": "New Year"}],
    "half_days": [{"on": "2027-02-05", "name": "Eve", "sessions": [{"opens": "09:00:00", "closes": "12:00:00"}]}],
}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_intake_reads_every_golden_example(file: Path) -> None:
    assert not isinstance(parse(Raw("http", [KIND], file.read_bytes())), Unreadable)


async def test_a_task_with_a_due_carries_its_limit_and_one_without_carries_none(world: World) -> None:
    key = new_key()
    with_due = event("task.assigned", key, task="t/7", activity="survey", due="2026-03-09", zone="Asia/Shanghai")
    await world.send(with_due, event("task.assigned", key, task="t/8", activity="survey"))
    one, other = [each.event for each in await world.published("matter-events", key)]
    assert isinstance(one, TaskAssigned) and isinstance(other, TaskAssigned)
    (limit,) = one.limits or ()
    assert (limit.clock, str(limit.at), limit.starts_on, limit.stops_on) == (
        "task:t/7", "2026-03-09", ("task.assigned",), ("task.finished",),
    )  # fmt: skip
    assert other.limits is None


async def test_a_corrected_task_carries_the_limit_of_what_is_right(world: World) -> None:
    key = new_key()
    wrong = event("task.assigned", key, task="t", activity="survey", due="2026-03-09", zone="Asia/Shanghai")
    right = {**wrong["data"], "due": "2026-03-19"}
    replaces = {"source": wrong["source"], "id": wrong["id"]}
    fact = {"type": "task.assigned", "data": right}
    await world.send(wrong, event("fact.corrected", key, occurred_at=None, replaces=replaces, fact=fact))
    corrected = (await world.published("matter-events", key))[1].data["fact"]["data"]
    assert [(limit["clock"], limit["at"]) for limit in corrected["limits"]] == [("task:t", "2026-03-19")]


async def test_what_an_application_lacks_is_published_as_it_was_said(world: World) -> None:
    key = new_key()
    await world.send(event("correction.requested", key, missing=["lease 租约", "map"]))
    (published,) = await world.published("matter-events", key)
    assert isinstance(published.event, CorrectionRequested)
    assert published.event.missing == ("lease 租约", "map")


async def test_a_calendar_is_published_on_its_own_topic_with_all_its_days(world: World) -> None:
    submitted = event(
        "calendar.published", "state-council/CN", occurred_at="2026-03-01T10:00:00+08:00", calendar=CALENDAR
    )
    assert (await world.post_event(submitted)).status_code == 202
    (published,) = await world.published("calendar-events", "state-council/CN")
    assert isinstance(published.event, CalendarPublished)
    assert str(published.event.calendar.rest[0].since) == "2027-01-01"
    assert (await world.post_event(submitted)).json()["status"] == "duplicate"
    taken_back = {"source": submitted["source"], "id": submitted["id"]}
    refused = await world.post_event(event("fact.retracted", "state-council/CN", occurred_at=None, replaces=taken_back))
    assert [e["code"] for e in refused.json()["errors"]] == ["not-correctable"]


@pytest.mark.parametrize(
    ("type_", "data", "pointer"),
    [
        ("matter.extended", {}, "/data"),
        ("matter.extended", {"by": "10wd", "until": "2026-04-01"}, "/data"),
        ("matter.extended", {"by": "ten days"}, "/data/by"),
        ("matter.extended", {"by": "0wd"}, "/data/by"),
        ("matter.suspended", {}, "/data/ground"),
        ("matter.suspended", {"ground": "hearing", "expected": "5wd", "until": "2026-04-01"}, "/data"),
        ("matter.suspended", {"ground": "hearing", "until": "2026-03-04T09:00:00+08:00"}, "/data/until"),
        ("correction.requested", {"missing": "a map"}, "/data/missing"),
        ("correction.requested", {"missing": [7]}, "/data/missing/0"),
        ("task.assigned", {"task": "t", "activity": "survey", "due": "2026-03-09"}, "/data/zone"),
        ("stage.started", {"stage": "review", "basis": "perhaps"}, "/data/basis"),
        ("calendar.published", {"calendar": {**CALENDAR, "years": [2027, 2026]}}, "/data/calendar"),
    ],
)
async def test_what_is_wrong_is_named(world: World, type_: str, data: dict[str, Any], pointer: str) -> None:
    answer = await world.post_event(event(type_, new_key(), **data))
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
async def guarded(postgres_dsn: str, issuer: Issuer) -> AsyncIterator[World]:
    """An intake that asks everybody who they are."""
    async with intake_world(postgres_dsn, Admission(issuer.verifier(), required=True)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [("office", 202, None), ("supervisor", 202, None), ("publisher", 403, "not-entitled"), ("clerk", 403, None)],
)
async def test_a_miss_is_confirmed_by_the_office_or_a_supervisor(
    guarded: World, issuer: Issuer, role: str, status: int, code: str | None
) -> None:
    confirmed = event("miss.confirmed", new_key(), clock="decision", reason="asked by telephone")
    answer = await guarded.post_event(confirmed, **issuer.bearer(role, **OWN))
    assert answer.status_code == status
    if code is not None:
        assert [e["code"] for e in answer.json()["errors"]] == [code]


async def test_the_office_publishes_nothing_else(guarded: World, issuer: Issuer) -> None:
    for type_, data in (("matter.closed", {}), ("matter.extended", {"by": "10wd"})):
        answer = await guarded.post_event(event(type_, new_key(), **data), **issuer.bearer("office", **OWN))
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:duban:problem:not-a-publisher")


async def test_by_kafka_nobody_confirms_a_miss(guarded: World, world: World, issuer: Issuer) -> None:
    confirmed = [event("miss.confirmed", new_key(), clock="decision", reason="so it was") for _ in range(3)]
    for content, roles in zip(confirmed, (["office"], ["publisher", "supervisor"]), strict=False):
        sent = guarded.message(orjson.dumps(content), (KIND, (TOKEN, issuer.token(*roles, **OWN).encode())))
        await guarded.kafka(Message(sent.topic, sent.partition, sent.offset, sent.key, sent.value, sent.headers))
    await world.send(confirmed[2])  # where identities are not checked
    assert await guarded.fetch("select from facts where event_id = any($1)", [each["id"] for each in confirmed]) == []
    assert await world.fetch("select from facts where event_id = any($1)", [each["id"] for each in confirmed]) == []
