"""An event of a newer version stops its partition and nothing else (D16)."""

from collections.abc import Sequence

from shared import runtime
from shared.errors import NewerVersion
from shared.inbox import Message
from tests.support.broker import Broker
from tests.support.probe import TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until


def newer(messages: Sequence[Message]) -> None:
    for m in messages:
        if m.value == b"from the future":
            raise NewerVersion(f"{m.topic}/{m.partition}@{m.offset}: case.opened version 2")


async def test_a_newer_version_stops_its_partition_only(probe: Probe, broker: Broker) -> None:
    """D16: never dead-lettered, never skipped; readiness says it; a build that knows the version goes on from there."""
    probe.before = newer
    await broker.send(TOPIC, b"0", b"from the future", b"2", partition=3)
    async with running(probe.consumer(batch=2)) as consumer:
        await until(lambda: consumer.stopped_partitions != {})
        await broker.send(TOPIC, *(b"%d" % n for n in range(3, 40)), partition=3)
        await broker.send(TOPIC, *(b"other %d" % n for n in range(40)), partition=4)
        await until(lambda: probe.count(41))
        assert runtime.ready(consumer) == f"{TOPIC}/3@1: case.opened version 2"
        assert runtime.live(consumer) is None
    assert await probe.by_partition() == {3: [0], 4: list(range(40))}
    assert (await probe.stored(3), await probe.stored(4)) == (1, 40)
    assert await probe.letters() == []
    probe.before = lambda _: None
    async with running(probe.consumer()):
        await until(lambda: probe.count(80))
    assert await probe.by_partition() == {3: list(range(40)), 4: list(range(40))}


async def test_a_partition_that_stopped_stays_stopped_through_a_rebalance(probe: Probe, broker: Broker) -> None:
    probe.before = newer
    await broker.send(TOPIC, b"0", b"from the future", b"2", partition=3)
    async with running(probe.consumer()) as first:
        await until(lambda: first.stopped_partitions != {})
        async with running(probe.consumer()) as second:
            await until(lambda: second.assigned)
            await broker.send(TOPIC, b"3", partition=3)
            await until(lambda: runtime.ready(first) is not None or runtime.ready(second) is not None)
        await broker.send(TOPIC, b"4", partition=3)
        await broker.send(TOPIC, b"other", partition=4)
        await until(lambda: probe.count(2))
        await until(lambda: first.stopped_partitions != {})
    assert await probe.by_partition() == {3: [0], 4: [0]}
    assert await probe.stored(3) == 1


async def test_a_newer_version_as_the_first_of_its_partition_stops_it(probe: Probe, broker: Broker) -> None:
    probe.before = newer
    await broker.send(TOPIC, b"from the future", partition=3)
    async with running(probe.consumer()) as consumer:
        await until(lambda: consumer.stopped_partitions != {})
        await broker.send(TOPIC, b"other", partition=4)
        await until(lambda: probe.count(1))
    assert await probe.seen() == [b"other"]
    assert await probe.stored(3) is None


async def test_a_partition_goes_on_when_it_comes_back_from_somebody_who_knew_the_version(
    probe: Probe, broker: Broker
) -> None:
    probe.before = newer
    await broker.send(TOPIC, b"0", b"from the future", b"2", partition=3)
    async with running(probe.consumer()) as first:
        await until(lambda: first.stopped_partitions != {})
        probe.before = lambda _: None
        async with running(probe.consumer()) as second:
            await until(lambda: second.assigned)
            await until(lambda: probe.count(3))
        await until(lambda: runtime.ready(first) is None)
        await broker.send(TOPIC, b"3", partition=3)
        await until(lambda: probe.count(4))
    assert await probe.by_partition() == {3: [0, 1, 2, 3]}


async def test_what_kafka_shows_as_consumed_is_what_was_done(probe: Probe, broker: Broker) -> None:
    """The commits to Kafka display lag; a message behind a stop is not shown as done."""
    probe.before = newer
    await broker.send(TOPIC, b"0", b"1", b"from the future", b"3")
    async with running(probe.consumer()) as consumer:
        await until(lambda: consumer.stopped_partitions != {})
    assert await broker.committed("probe", TOPIC, 0) == 2
