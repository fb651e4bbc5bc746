"""A part that takes no step any more is noticed by /livez and ends its process, which is then started anew. Stuck for
real: the database takes what it is sent and never answers, or the event loop itself is blocked.
"""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.faults.fleet import Fleet
from tests.faults.scenes import play, staff, state_of
from tests.faults.trees import edited
from tests.support.proxy import Proxy
from tests.support.waiting import until

BLOCKED = (
    "services/deadline/handlers.py",
    "        rows = [row for",
    """        if any(m.key == b"quanzhou/L-7" for m in batch):
            __import__("time").sleep(3600)
        rows = [row for""",
)
SOONER = "shared/runtime.py", "LAST_RESORT_S = 30.0", "LAST_RESORT_S = -15.0"


async def test_a_consumer_that_hangs_is_noticed_and_started_anew(fleet: Fleet) -> None:
    place = urlsplit(fleet.dsn)
    proxy = Proxy()
    proxy.upstream = int(place.port or 0)
    await proxy.start()
    try:
        through = urlunsplit(place._replace(netloc=place.netloc.replace(f":{place.port}", f":{proxy.port}")))
        for service in ("intake", "accountability", "notification"):
            fleet.start(service)
            await fleet.ready(service)
        stuck = fleet.start("deadline", DUBAN_POSTGRES=through, DUBAN_STUCK_AFTER_S="5")
        await fleet.ready("deadline")
        await play(fleet, staff)
        proxy.cut("freeze")
        await receive_without_waiting(fleet)

        async def noticed() -> bool:
            status, text = await stuck.ask("/livez")
            return not stuck.child.running or (status == 503 and "has taken no step for" in text)

        await until(noticed, within_s=60)
        async with asyncio.timeout(90):
            assert await stuck.ended(fleet.run) == 1
        assert stuck.said("stuck")
        del fleet.processes["deadline"]
        anew = fleet.start("deadline", DUBAN_POSTGRES=through, DUBAN_STUCK_AFTER_S="5")
        await until(lambda: anew.said("waiting_for_postgres"), within_s=60)
        proxy.heal()
        await fleet.ready("deadline")
        await fleet.settled()
        assert len((await state_of(fleet))["clocks"]) == 1
        assert await fleet.drain("deadline") == 0
    finally:
        await proxy.close()


async def receive_without_waiting(fleet: Fleet) -> None:
    await fleet.submit("matter.submitted", "L-7", "2026-01-05T09:00:00+08:00", item="general-licence", unit="planning")


async def test_an_event_loop_that_is_blocked_ends_its_process(fleet: Fleet, tmp_path: Path) -> None:
    blocked = edited(tmp_path / "blocked", [BLOCKED, SOONER])
    for service in ("intake", "accountability", "notification"):
        fleet.start(service)
        await fleet.ready(service)
    process = fleet.start("deadline", tree=blocked)
    await fleet.ready("deadline")
    await play(fleet, staff)
    await receive_without_waiting(fleet)
    async with asyncio.timeout(60):
        assert await process.ended(fleet.run) == 1
    assert "Timeout" in process.child.log_tail(60) and "handlers.py" in process.child.log_tail(60)
    await fleet.ready(fleet.start("deadline").service)
    await fleet.settled()
    assert len((await state_of(fleet))["clocks"]) == 1
