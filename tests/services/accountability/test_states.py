"""What a consumer that joins late reads on `case-states`: of each case the state it stands in, and no other."""

from pathlib import Path
from typing import Any

import orjson

from services.accountability import states
from services.accountability.record import heads
from services.accountability.record.sealer import Sealer
from services.cli.recovery.sources import events_of
from shared.events.record import CaseState
from shared.outbox import Message
from shared.postgres import Connection, Pool
from tests.support.case_world import World, assigned, day, delivered, missed, rung_missed, untrue
from tests.support.record import HOLDERS, sealed, sealer_of, signer


async def told(conn: Connection) -> list[dict[str, Any]]:
    """What was published, in order, with key and revision."""
    rows = await conn.fetch("select key, headers, body from outbox where topic = 'case-states' order by id")
    found = []
    for row in rows:
        headers = orjson.loads(row["headers"])
        found.append({**orjson.loads(row["body"]), "key": row["key"], "revision": int(headers["ce_revision"])})
    return found


async def test_a_case_is_told_once_it_is_sealed(pool: Pool, world: World) -> None:
    sealer = sealer_of(pool, world.clock)
    await world.feed(*HOLDERS, delivered(missed()))
    assert await told(world.conn) == []
    await sealed(sealer)
    (state,) = await told(world.conn)
    (case,) = await world.cases()
    assert state["key"] == state["case_id"] == str(case["case_id"])
    assert (state["state"], state["revision"], state["due"]) == ("standing", case["revision"], case["due"])
    assert [r.get("person") for r in state["responsible"]][:3] == ["zhang", "li", "wang"]
    await sealed(sealer)
    assert len(await told(world.conn)) == 1


async def test_of_several_changes_the_last_state_is_told(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    (case,) = await world.cases()
    await world.feed(delivered(rung_missed(case["case_id"], 1, "2026-03-12")))
    await world.feed(delivered(untrue(), revision=2))
    await sealed(sealer_of(pool, world.clock))
    (state,) = await told(world.conn)
    assert (state["state"], state["withdrawn_because"], state["rung"]) == ("withdrawn", "met", 1)


async def test_who_changes_again_before_it_is_told_is_told_once_by_the_later_change(pool: Pool, world: World) -> None:
    """The sealer has not seen the event yet that made the row what it is."""
    sealer: Sealer = sealer_of(pool, world.clock)
    await world.feed(*HOLDERS, delivered(missed()))
    async with pool.acquire() as late:
        transaction = late.transaction()
        await transaction.start()
        await World(late, world.clock).feed(delivered(assigned("chen", "direct", "2025-06-01"), post="window-1"))
        await sealed(sealer)
        await transaction.commit()
    await sealed(sealer)
    found = await told(world.conn)
    assert [state["revision"] for state in found] == [1, 2]
    assert found[-1]["responsible"][0]["person"] == "chen"


async def test_a_cards_events_have_no_state_of_a_case(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, *(delivered(missed(f"M{n}")) for n in range(5)))
    await sealed(sealer_of(pool, world.clock))
    assert len(await told(world.conn)) == len(await world.cases()) == 5
    assert all(CaseState.model_validate_json(row["body"]) for row in await world.conn.fetch(
        "select body from outbox where topic = 'case-states'"
    ))  # fmt: skip


async def sent(conn: Connection, topic: str) -> list[Message]:
    rows = await conn.fetch(
        "select topic, key, event_id, headers, body from outbox where topic = $1 order by id", topic
    )
    return [Message(**row) for row in rows]


async def test_states_and_heads_are_sent_again_from_what_is_kept_as_they_were(
    pool: Pool, world: World, tmp_path: Path
) -> None:
    """`duban rebuild` (D15): byte for byte, with their ids; of a case its last sealed state, of heads every one."""
    sealer = sealer_of(pool, world.clock, signer(tmp_path))
    await world.feed(*HOLDERS, delivered(missed("M1")), delivered(missed("M2")))
    await sealed(sealer)
    world.clock.now = day("2026-03-13")
    await world.feed(delivered(untrue("M1"), revision=2))
    await sealed(sealer)
    await world.feed(delivered(missed("M3")))  # is told when it is sealed
    last = {message.key: message for message in await sent(world.conn, states.TOPIC)}
    async with pool.acquire() as conn, conn.transaction():
        again = [message async for page in events_of(conn, states.TOPIC) for message in page]
        heads_again = [message async for page in events_of(conn, heads.TOPIC) for message in page]
    assert again == [last[key] for key in sorted(last)]
    assert len(heads_again) == 2
    assert heads_again == await sent(world.conn, heads.TOPIC)
