"""A client that hangs is given up and made anew, in the states in which aiokafka was seen to wait without end."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError
from structlog.testing import capture_logs

from shared import kafka, patience
from tests.support.broker import Broker
from tests.support.probe import TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until

PATIENCE_S = 5.0
"""More than a rebalance takes on the embedded broker with sessions of a second."""


class Hanging(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """The first of them begins a rebalance that never ends once it has read something."""

    made: list["Hanging"] = []  # noqa: RUF012

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.made.append(self)

    async def getmany(self, **asked: Any) -> Any:
        polled = await super().getmany(**asked)
        if polled and self is self.made[0]:
            self._subscription.begin_reassignment()
        return polled


class Clinging(Hanging):
    """Its heartbeat does not end when asked to (aiokafka/issues/773), and keeps its partitions."""

    async def stop(self) -> None:
        if self is self.made[0]:
            self._closed = True
            await asyncio.Event().wait()
        await super().stop()


class Counting(AIOKafkaConsumer):  # type: ignore[misc]
    """Counts how often it is asked."""

    made: list["Counting"] = []  # noqa: RUF012

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.polled = 0
        self.made.append(self)

    async def getmany(self, **asked: Any) -> Any:
        self.polled += 1
        return await super().getmany(**asked)


class Cancelling(Hanging):
    """To close it while it waits to fetch again lets the cancelling of that out."""

    async def stop(self) -> None:
        await super().stop()
        if self is self.made[0]:
            raise asyncio.CancelledError


@pytest.fixture(params=[Hanging, Clinging, Cancelling])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Hanging]:
    """The clients that were made."""
    monkeypatch.setattr(request.param, "made", [])
    monkeypatch.setattr(kafka, "AIOKafkaConsumer", request.param)
    monkeypatch.setattr(patience.leave, "__defaults__", (0.5,))
    made: list[Hanging] = request.param.made
    return made


async def test_a_client_whose_rebalance_never_ends_is_given_up_and_made_anew(
    probe: Probe, broker: Broker, made: list[Hanging]
) -> None:
    consumer = probe.consumer(patience_s=PATIENCE_S)
    with capture_logs() as said:
        async with running(consumer):
            await broker.send(TOPIC, b"before")
            await until(lambda: probe.count(1))
            await broker.send(TOPIC, b"after", b"all")
            await until(lambda: probe.count(3), within_s=4 * PATIENCE_S)
            await until(lambda: consumer.trouble is None)
    assert await probe.seen() == [b"before", b"after", b"all"]
    assert len(made) == 2
    (told,) = [line["reason"] for line in said if line["event"] == "consumer_reconnecting"]
    assert told == "KafkaTimeoutError: no answer for 5 s"


async def test_a_member_whose_share_is_none_is_left_alone(
    probe: Probe, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More replicas than partitions: to have none is no rebalance."""
    monkeypatch.setattr(Counting, "made", [])
    monkeypatch.setattr(kafka, "AIOKafkaConsumer", Counting)
    await broker.create("probe-dlq", partitions=1)
    one, two = (probe.consumer(topics=["probe-dlq"]) for _ in range(2))
    async with running(one), running(two):
        await until(lambda: one.assigned and two.assigned, within_s=30)
        members = list(Counting.made)
        await until(lambda: sorted(len(m.assignment()) for m in members) == [0, 1], within_s=30)
        one._patience_s = two._patience_s = 0.5
        polled = [m.polled for m in members]
        await until(lambda: all(m.polled > before + 10 for m, before in zip(members, polled, strict=True)), within_s=30)
    assert Counting.made == members and len(members) == 2


async def test_whoever_stops_it_meanwhile_is_not_held_up(made: list[Hanging]) -> None:
    """A process that ends cancels its consumer: that is no trouble of the client's."""

    class Endless:
        async def stop(self) -> None:
            await asyncio.Event().wait()

    leaving = asyncio.create_task(patience.leave(Endless(), 60))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_time_out_of_something_else_keeps_its_name() -> None:
    async def late() -> None:
        raise TimeoutError("of the database")

    with pytest.raises(TimeoutError, match="of the database"):
        await patience.within(5, "answer", late())
    with pytest.raises(KafkaTimeoutError, match="no answer for 0 s"):
        await patience.within(0.01, "answer", asyncio.Event().wait())
