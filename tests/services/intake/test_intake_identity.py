"""An event is its source and id: once, whatever the transport, the order and who else writes (D1, I3, I5)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson

from shared.events.base import aggregate_key
from tests.support.intake_submissions import BATCH, event, new_key, registration
from tests.support.intake_world import NOW, World


async def test_same_event_again_is_a_duplicate_by_every_transport(world: World) -> None:
    key = new_key()
    submitted = registration(key)
    first = await world.post_event(submitted)
    again = await world.post_event({**submitted, "time": "2026-03-05T09:12:45Z"})
    await world.send(submitted, submitted)

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == {**first.json(), "status": "duplicate"}
    assert len(await world.published("matter-events", key)) == 1


async def test_same_id_with_another_body_is_refused(world: World) -> None:
    key = new_key()
    submitted = registration(key)
    other = {**submitted, "data": {**submitted["data"], "unit": "window 4"}}
    await world.send(submitted)

    answer = await world.post_event(other)
    elsewhere = await world.post_event({**submitted, "subject": new_key()})
    another_time = await world.post_event({**submitted, "time": "2026-03-05T17:12:46+08:00"})
    await world.send(other)

    for refused in (answer, elsewhere, another_time):
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "identity-conflict")
    assert len(await world.published("matter-events", key)) == 1
    rejected = [e for e in await world.published("rejections", key) if e.data["transport"] == "kafka"]
    assert rejected[0].data["event"] == {"source": submitted["source"], "id": submitted["id"]}


async def test_same_id_from_another_source_is_another_event(world: World) -> None:
    key = new_key()
    submitted = registration(key)
    await world.send(submitted, {**submitted, "source": "/elsewhere"})
    assert len({e.headers["ce_id"] for e in await world.published("matter-events", key)}) == 2


async def test_first_of_a_batch_wins(world: World) -> None:
    key, id_ = new_key(), uuid4().hex
    batch = [registration(key, id_), registration(key, id_), registration(key, id_, unit="window 4")]
    answer = await world.post(orjson.dumps(batch), BATCH)
    results = answer.json()["results"]
    assert answer.status_code == 207
    assert [each["status"] for each in results] == ["accepted", "duplicate", "rejected"]
    assert results[0]["event"] == results[1]["event"]
    assert results[2]["problems"][0] == {
        "code": "identity-conflict",
        "pointer": "/id",
        "detail": results[2]["problems"][0]["detail"],
    }


async def test_accepted_once_stays_a_duplicate_whatever_the_clock_says_later(world: World) -> None:
    submitted = registration(new_key(), occurred_at="2026-03-06T09:00:00Z")
    assert (await world.post_event(submitted)).status_code == 202
    world.clock.now = NOW - timedelta(days=1)
    try:
        assert (await world.post_event(submitted)).status_code == 200
    finally:
        world.clock.now = NOW


async def test_two_authorities_may_use_the_same_matter_id(world: World) -> None:
    name = uuid4().hex
    keys = [aggregate_key("licheng", name), aggregate_key("fengze", name)]
    await world.send(*(registration(key) for key in keys))
    for key in keys:
        (published,) = await world.published("matter-events", key)
        assert published.headers["ce_revision"] == "1"


async def test_completion_before_its_registration_is_kept(world: World) -> None:
    key = new_key()
    await world.send(event("matter.closed", key))
    await world.send(registration(key))
    published = await world.published("matter-events", key)
    assert [e.headers["ce_type"] for e in published] == ["matter.closed", "matter.registered"]


async def test_revisions_count_the_facts_of_a_matter_without_gaps(world: World) -> None:
    key = new_key()
    bad = registration(key, item="moon-licence")
    await world.send(registration(key), bad, event("matter.accepted", key))
    await world.send(event("matter.decided", key), bad, event("matter.delivered", key))
    assert [e.headers["ce_revision"] for e in await world.published("matter-events", key)] == ["1", "2", "3", "4"]


async def test_duplicates_and_conflicts_take_no_revision(world: World) -> None:
    key = new_key()
    first, conflict = event("matter.accepted", key), event("matter.assigned", key)
    await world.send(first, conflict)
    await world.send(first, {**conflict, "type": "matter.transferred"}, event("matter.decided", key), first)
    await world.send(first, event("matter.delivered", key))
    assert [e.headers["ce_revision"] for e in await world.published("matter-events", key)] == ["1", "2", "3", "4"]
    [aggregate] = await world.fetch("select revision from aggregates where name = $1", key.partition("/")[2])
    assert aggregate["revision"] == 4


async def test_concurrent_batches_share_matters_without_gaps_or_deadlock(world: World) -> None:
    keys = [new_key() for _ in range(20)]
    shared = [event("matter.assigned", key) for key in keys]

    async def publish(turn: int) -> None:
        own = [event("matter.accepted", key) for key in keys]
        mixed = [*own, *shared]
        batch = orjson.dumps(mixed if turn % 2 else mixed[::-1])
        assert (await world.post(batch, BATCH)).status_code == 202

    await asyncio.gather(*(publish(turn) for turn in range(8)))

    for key in keys:
        revisions = [int(e.headers["ce_revision"]) for e in await world.published("matter-events", key)]
        assert sorted(revisions) == list(range(1, 10))


async def test_same_id_taken_for_two_matters_at_once_enters_once(world: World) -> None:
    for _ in range(10):
        id_ = uuid4().hex
        answers = await asyncio.gather(*(world.post_event(registration(new_key(), id_)) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
