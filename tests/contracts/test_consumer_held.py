"""What a service holds back for a moment is read afterwards, in order and once; the rest goes on."""

from shared.gathering import Gathering
from shared.inbox import Message
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


async def test_all_is_read_in_order_though_the_topic_gathers(probe: Probe, broker: Broker) -> None:
    consumer = probe.consumer(topics=[TOPIC], gather_s={TOPIC: 0.05})
    texts = [b"first", b"second", b"third", b"fourth"]
    async with running(consumer):
        for number, text in enumerate(texts, start=1):
            await broker.send(TOPIC, text, partition=2)
            if number == 1:
                await until(lambda: probe.count(1))
        await until(lambda: probe.count(4))
        await until(lambda: 2 in consumer.caught_up([TOPIC]))
    assert await probe.seen() == texts


async def test_a_topic_gathers_after_a_batch_of_it_that_was_not_full() -> None:
    gathering = Gathering({TOPIC: 0.25}, full=2)
    now = 10.0
    gathering._now = lambda: now
    gathering.took([message(OTHER)])
    assert not gathering.lasts(TOPIC)
    gathering.took([message(TOPIC), message(OTHER)])
    assert not gathering.lasts(TOPIC), "the batch was full: there is more"
    gathering.took([message(TOPIC)])
    assert gathering.lasts(TOPIC) and not gathering.lasts(OTHER)
    now = 10.25
    assert not gathering.lasts(TOPIC)


def message(topic: str) -> Message:
    return Message(topic, 0, 0, None, None, (), None)
