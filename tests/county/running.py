"""A county through the services: what is known in time, the limits pass, what is learned too late, and what the topics
say of it then.

The clock stands at the end from the beginning on, and nothing is missed before all that is known in time is there.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.cli.replay.watch import Ends, Watch
from shared.clock import set_simulated
from shared.events.catalog import PARTITIONS
from shared.events.envelope import STRUCTURED
from shared.outbox import bucket_of
from shared.postgres import Connection
from tests.county.judging import TOPICS, Told, Verdict, judge
from tests.county.making import BEGIN, END, County

ITEMS = Path(__file__).with_name("items.yaml")
HEADERS = [("content-type", STRUCTURED.encode())]
CHUNK = 2000
GIVE_UP_S = 180.0


async def lived(
    county: County, conn: Connection, producer: AIOKafkaProducer, watch: Watch, kafka: str, prefix: str
) -> Verdict:
    """The county's life, and the judgement of it."""
    await set_simulated(conn, END, confirmed=BEGIN)
    await _send(county.prompt, producer, watch, prefix)
    await watch.until_quiet(give_up_s=GIVE_UP_S)
    await set_simulated(conn, END)
    await watch.until_quiet(give_up_s=GIVE_UP_S)
    await _send(county.late, producer, watch, prefix)
    seen = await watch.until_quiet(give_up_s=GIVE_UP_S)
    return judge([told async for told in _read(kafka, prefix, seen.published)])


async def _send(events: Sequence[dict[str, Any]], producer: AIOKafkaProducer, watch: Watch, prefix: str) -> None:
    for begin in range(0, len(events), CHUNK):
        waiting = []
        for event in events[begin : begin + CHUNK]:
            key = event["subject"]
            partition = bucket_of(key)
            sent = await producer.send(
                prefix + "submissions", orjson.dumps(event), key.encode(), partition, headers=HEADERS
            )
            waiting.append((partition, sent))
        for partition, sent in waiting:
            at = "submissions", partition
            watch.own[at] = max(watch.own.get(at, 0), (await sent).offset + 1)


async def _read(kafka: str, prefix: str, ends: Ends) -> AsyncIterator[Told]:
    """All that stands on the topics, of each partition in its order, up to where the broker acknowledged it: the
    embedded one says of its ends what was true a moment ago (docs/decisions/embedded-broker.md)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, max_partition_fetch_bytes=4_000_000)
    await consumer.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(consumer.stop)
        for topic in TOPICS:
            for number in range(PARTITIONS):
                place = TopicPartition(prefix + topic, number)
                consumer.assign([place])
                end = ends.get((topic, number), 0)
                consumer.seek(place, 0)
                while await consumer.position(place) < end:
                    for record in (await consumer.getmany(place, timeout_ms=1000, max_records=5000)).get(place, ()):
                        headers = {name: value.decode() for name, value in record.headers}
                        yield Told(
                            topic, record.key.decode(), headers["ce_type"], int(headers["ce_revision"]),
                            orjson.loads(record.value),
                        )  # fmt: skip
