"""A message that is no event, on each topic: it alone is put aside, with bytes and reason, and its neighbours go on.
And the way back: what failed for a bug is processed once the bug is mended.
"""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from services.cli.main import app
from tests.faults.database import connected
from tests.faults.fleet import Fleet
from tests.faults.scenes import STEPS, climb, decide, fall_due, play, receive, report_late, staff, state_of, warn
from tests.faults.state import State, difference
from tests.faults.trees import Edit, edited
from tests.support.waiting import until

POISON = b"\xff\x00 no event \x80"
READ_BY = {
    "matter-events": ["deadline"],
    "directory-events": ["accountability", "notification"],
    "deadline-events": ["accountability", "notification"],
    "case-events": ["deadline", "notification"],
}
HEADERS: list[tuple[str, bytes | None]] = [("ce_type", b"\xff"), ("ce_id", None)]
BUG: Edit = (
    "services/accountability/handlers.py",
    "    match verdict:\n        case Missed():\n            return",
    """    if verdict.key.matter == "L-45":
        raise ZeroDivisionError
    match verdict:
        case Missed():
            return""",
)


async def letters(dsn: str, *arguments: str) -> Any:
    """What the command prints as JSON. It has an event loop of its own, hence a thread of its own."""
    invoke = partial(CliRunner().invoke, app, ["letters", *arguments, "--json"], env={"DUBAN_POSTGRES": dsn})
    found = await asyncio.to_thread(invoke)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


async def test_poison_on_each_topic_is_put_aside_alone(fleet: Fleet, calm: State) -> None:
    await fleet.start_all()
    await play(fleet, staff, receive)
    for topic in ("submissions", *READ_BY):
        await fleet.send(topic, POISON, key=b"quanzhou/L-0", headers=HEADERS)
    await play(fleet, *STEPS[2:])
    assert (found := difference(calm, await state_of(fleet))) == "", found
    async with connected(fleet.dsn) as conn:
        for topic, services in READ_BY.items():
            for service in ("deadline", "accountability", "notification"):
                rows = await conn.fetch(
                    f"select value, key, reason from {service}.dead_letters where topic = $1", topic
                )
                expected = [(POISON, b"quanzhou/L-0", f"not an event of {topic}: UnicodeDecodeError")]
                assert [tuple(row) for row in rows] == (expected if service in services else []), (service, topic)
        (refused,) = await conn.fetch("select raw, reasons from intake.rejections")
        assert refused["raw"] == POISON
    for process in fleet.processes.values():
        assert await process.is_ready()


async def test_a_letter_is_tried_again_through_its_consumers_own_handling_and_once(
    fleet: Fleet, calm: State, tmp_path: Path
) -> None:
    await fleet.start_all()
    await play(fleet, staff, receive, decide, warn)
    assert await fleet.drain("accountability") == 0
    broken = edited(tmp_path / "broken", [BUG])
    await fleet.ready(fleet.start("accountability", tree=broken).service)
    await play(fleet, fall_due)
    there = await letters(fleet.dsn, "list")
    assert len(there) == 1, there
    (letter,) = there
    assert (letter["service"], letter["reason"]) == ("accountability", "ZeroDivisionError after 5 attempts")
    place = letter["letter"]
    assert await letters(fleet.dsn, "retry", "accountability", place) == [place]

    async def tried() -> bool:
        (now,) = await letters(fleet.dsn, "list")
        return (now["retries"], now["asked"], now["reason"]) == (1, False, "ZeroDivisionError")

    await until(tried, within_s=30)
    assert await fleet.drain("accountability") == 0
    await fleet.ready(fleet.start("accountability").service)
    assert await letters(fleet.dsn, "retry", "accountability", "--all") == [place]

    async def settled_all() -> bool:
        return bool(await letters(fleet.dsn, "list") == [])

    await until(settled_all, within_s=30)
    (settled,) = await letters(fleet.dsn, "list", "--all")
    assert (settled["settled_how"], settled["retries"]) == ("processed", 2)
    assert await letters(fleet.dsn, "retry", "accountability", "--all") == [], "it is processed once"
    await play(fleet, report_late, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found
