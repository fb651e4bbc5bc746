"""Every service gets its parts from one place, and a part that fails ends the process without a word about values."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import orjson

from shared.inbox import Message
from shared.postgres import Connection, Pool
from shared.settings import ServiceSettings
from shared.wiring import consumer_of, relay_of

ROOT = Path(__file__).resolve().parents[2]
FAILING = """
from shared.runtime import run

async def build():
    raise LookupError("p-17 is a secret")

run(build)
"""


async def test_every_setting_reaches_its_part(pool: Pool) -> None:
    settings = ServiceSettings(
        kafka="k:1", postgres="p", topic_prefix="x-", kafka_idempotence=True, kafka_session_ms=7_000, kafka_wait_ms=7,
        batch=17, relay_lease_s=70, relay_batch=27, outbox_keep_days=37,
    )  # fmt: skip

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        raise AssertionError("nothing is consumed here")

    relay = relay_of(settings, pool, service="probe")
    found = (relay._bootstrap, relay._service, relay._prefix, relay._idempotent, relay._batch, relay._keep)
    assert found == ("k:1", "probe", "x-", True, 27, timedelta(days=37))
    assert relay._leases._time == timedelta(seconds=70)
    consumer = consumer_of(settings, pool, service="probe", topics=("a", "b"), handle=handle, committed=relay.wake)
    assert (consumer._bootstrap, consumer._service, consumer._prefix) == ("k:1", "probe", "x-")
    assert (consumer._batch, consumer._session_ms, consumer._wait_ms) == (17, 7_000, 7)
    assert (consumer._topics, consumer._handle, consumer._committed) == (("a", "b"), handle, relay.wake)


def test_no_service_wires_them_itself() -> None:
    own = {
        file.parent.name: name
        for file in ROOT.glob("services/*/main.py")
        for name in ("Consumer(", "Relay(", "connect(")
        if name in file.read_text()
    }
    assert own == {}


async def test_a_part_that_fails_ends_the_process_and_logs_no_values() -> None:
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FAILING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = (ended.stdout + ended.stderr).splitlines()
    entry = orjson.loads(line)
    assert (entry["event"], entry["level"], entry["error"]) == ("failed", "critical", "LookupError")
    assert "<string>:5" in entry["where"]
    assert "secret" not in line
