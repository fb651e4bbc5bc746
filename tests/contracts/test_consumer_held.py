"""What a service holds back for a moment is read afterwards, in order and once; the rest goes on."""

from tests.support.broker import Broker
from tests.support.probe import TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until

OTHER = "matter-events"


async def test_a_held_topic_waits_and_is_read_when_it_is_let_go(probe: Probe, broker: Broker) -> None:
    held = {TOPIC}
    await broker.create(OTHER)
    consumer = probe.consumer(topics=[TOPIC, OTHER], held=lambda: held)
    async with running(consumer):
        await until(lambda: consumer.caught_up([OTHER]) == frozenset(range(6)))
        await broker.send(TOPIC, b"waits", b"too", partition=2)
        await broker.send(OTHER, b"goes", partition=2)
        await until(lambda: probe.count(1))
        assert await probe.seen() == [b"goes"]
        assert consumer.caught_up([TOPIC, OTHER]) == frozenset()
        held.clear()
        await until(lambda: probe.count(3))
        assert await probe.seen() == [b"goes", b"waits", b"too"]
        await until(lambda: 2 in consumer.caught_up([TOPIC, OTHER]))
