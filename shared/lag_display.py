"""Kafka shows lag by what it is told here, and nothing rests on it: the database is authoritative (D13).

To tell it of each batch held up the next one, and was a message to the broker for each. Twice a second is enough.
"""

import asyncio
from collections.abc import Collection, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from shared import failpoints
from shared.patience import within

EVERY_S = 0.5
log = structlog.get_logger()


class LagDisplay:
    """Of one member of a group."""

    def __init__(self) -> None:
        self._ends: dict[TopicPartition, int] = {}
        self._shown_at = float("-inf")

    def reached(self, ends: Mapping[TopicPartition, int]) -> None:
        """So far it is processed."""
        self._ends |= ends

    def is_due(self) -> bool:
        return bool(self._ends) and asyncio.get_running_loop().time() - self._shown_at >= EVERY_S

    async def show(self, kafka: AIOKafkaConsumer, owned: Collection[TopicPartition], limit_s: float) -> None:
        """Tell Kafka. Raises KafkaTimeoutError where it does not answer."""
        self._shown_at = asyncio.get_running_loop().time()
        ends, self._ends = {tp: end for tp, end in self._ends.items() if tp in owned}, {}
        if not ends:
            return
        try:
            await within(limit_s, "answer", kafka.commit(ends))
            failpoints.reach("offsets.committed")
        except (CommitFailedError, IllegalStateError):
            log.info("lag_display_not_updated")
