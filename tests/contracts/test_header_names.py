"""A header whose *name* is not UTF-8 breaks aiokafka's own reader; it must not stop a consumer for good."""

import struct
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer import fetcher
from aiokafka.record.util import calc_crc32c

from shared.postgres import Pool
from tests.support.broker import Broker
from tests.support.probe import CREATE, TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until

CRC_AT, CHECKED_FROM = 17, 21
"""In a record batch of the second format."""


@pytest.fixture(autouse=True)
def own_reader() -> Iterator[None]:
    """The lenient reader stays for the life of a process; the tests after these have the usual one again."""
    usual = fetcher.MemoryRecords
    yield
    fetcher.MemoryRecords = usual


async def send_with_header_name(broker: Broker, name: bytes, value: bytes) -> None:
    """aiokafka sends text only: the name is put in place in the finished batch."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    try:
        await producer.partitions_for(broker.prefix + TOPIC)
        batch = producer.create_batch()
        batch.append(key=b"k", value=value, timestamp=None, headers=[("#" * len(name), b"v")])
        raw = bytearray(batch._build())
        at = raw.index(b"#" * len(name))
        raw[at : at + len(name)] = name
        struct.pack_into(">I", raw, CRC_AT, calc_crc32c(bytes(raw[CHECKED_FROM:])))
        batch._buffer = raw
        await (await producer.send_batch(batch, broker.prefix + TOPIC, partition=0))
    finally:
        await producer.stop()


async def test_a_header_name_that_is_not_utf8_stops_nobody(pool: Pool, broker: Broker) -> None:
    await pool.execute(CREATE)
    await broker.create(TOPIC)
    probe = Probe(pool, broker)
    await broker.send(TOPIC, b"before", partition=0)
    await send_with_header_name(broker, b"\xff\xfe", b"odd")
    await broker.send(TOPIC, b"after", partition=0)
    async with running(probe.consumer()):
        await until(lambda: probe.count(3))
    assert await probe.seen() == [b"before", b"odd", b"after"]
