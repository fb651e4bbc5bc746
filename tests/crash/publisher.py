"""Sends what is planned, by Kafka and HTTP, until it is acknowledged, and keeps a log of exactly that.

The log is all that the oracle will know of the world. What is not acknowledged is sent again, as a publisher must.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.crash.writing import Planned

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
IN_ONE_POST = 100
IN_ONE_GO = 2000
TICK_S = 0.02


@dataclass
class Publisher:
    """`lag_s`: how far sending is behind the plan."""

    kafka: str
    intakes: Sequence[str]
    log: Path
    acknowledged: int = 0
    matters: set[str] = field(default_factory=set)
    refused: int = 0
    again: int = 0
    lag_s: float = 0.0
    _lines: list[bytes] = field(default_factory=list)
    _posts: set[asyncio.Task[None]] = field(default_factory=set)

    async def publish(self, plans: Iterator[Planned], begun: float) -> None:
        """All of it, each at its time after `begun` (of the loop's clock); returns when all is acknowledged."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all", enable_idempotence=True, linger_ms=5)
        await producer.start()
        try:
            async with httpx2.AsyncClient(timeout=20, trust_env=False) as client:
                await self._publish(producer, client, plans, begun)
                await asyncio.gather(*self._posts)
        finally:
            await producer.stop()

    async def _publish(
        self, producer: AIOKafkaProducer, client: httpx2.AsyncClient, plans: Iterator[Planned], begun: float
    ) -> None:
        loop = asyncio.get_running_loop()
        following = next(plans, None)
        with self.log.open("ab") as log:
            while following is not None:
                now = loop.time() - begun
                due: list[Planned] = []
                while following is not None and following.at <= now and len(due) < IN_ONE_GO:
                    due.append(following)
                    following = next(plans, None)
                if due:
                    self.lag_s = now - due[0].at
                    self._post([planned for planned in due if planned.http], client)
                    await self._send(producer, [planned for planned in due if not planned.http])
                log.write(b"".join(self._lines))
                self._lines.clear()
                if following is not None and following.at > loop.time() - begun:
                    await asyncio.sleep(TICK_S)
            await asyncio.gather(*self._posts)
            log.write(b"".join(self._lines))

    async def _send(self, producer: AIOKafkaProducer, planned: Sequence[Planned]) -> None:
        left = [(each, orjson.dumps(each.event)) for each in planned]
        while left:
            futures = []
            try:
                for each, body in left:
                    key = str(each.event["subject"]).encode()
                    headers = [("content-type", STRUCTURED.encode())]
                    futures.append(await producer.send("submissions", body, key, headers=headers))
            except KafkaError:
                self.again += 1
            answers = await asyncio.gather(*futures, return_exceptions=True)
            done = [not isinstance(answer, BaseException) for answer in answers]
            done += [False] * (len(left) - len(done))
            for (each, body), good in zip(left, done, strict=True):
                if good:
                    self._acknowledged(each, body)
            left = [pair for pair, good in zip(left, done, strict=True) if not good]
            if left:
                self.again += 1
                await asyncio.sleep(0.5)

    def _post(self, planned: Sequence[Planned], client: httpx2.AsyncClient) -> None:
        for first in range(0, len(planned), IN_ONE_POST):
            task = asyncio.create_task(self._until_answered(planned[first : first + IN_ONE_POST], client))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    async def _until_answered(self, planned: Sequence[Planned], client: httpx2.AsyncClient) -> None:
        body = b"[" + b",".join(orjson.dumps(each.event) for each in planned) + b"]"
        for intake in itertools.cycle(self.intakes):
            try:
                answer = await client.post(f"{intake}/v1/events", content=body, headers={"content-type": BATCH})
            except (httpx2.HTTPError, OSError):
                answer = None
            if answer is not None and answer.status_code < 500:
                self._heard(planned, answer)
                return
            self.again += 1
            await asyncio.sleep(0.3)

    def _heard(self, planned: Sequence[Planned], answer: httpx2.Response) -> None:
        if answer.status_code not in (200, 202, 207):
            raise RuntimeError(f"intake answered {answer.status_code}: {answer.text[:500]}")
        told = answer.json()
        for each, result in zip(planned, told["results"] if isinstance(told, dict) else told, strict=True):
            if result["status"] == "rejected":
                self.refused += 1
            self._acknowledged(each, orjson.dumps(each.event))

    def _acknowledged(self, planned: Planned, body: bytes) -> None:
        self.acknowledged += 1
        if planned.event["type"] == "matter.submitted":
            self.matters.add(planned.id)
        self._lines.append(body + b"\n")
