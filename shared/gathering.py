"""When a topic is left unread for a moment, so that the next batch of it is a larger one."""

import asyncio
from collections.abc import Mapping, Sequence

from shared.inbox import Message


class Gathering:
    """`for_s`: how long each of these topics waits after a batch with messages of it. A batch of one costs nearly what
    a hundred cost; after a full one, of `full` messages, nothing waits."""

    def __init__(self, for_s: Mapping[str, float], full: int) -> None:
        self._for_s = for_s
        self._full = full
        self._until: dict[str, float] = {}
        self._now = asyncio.get_running_loop().time

    def took(self, batch: Sequence[Message]) -> None:
        """A batch was processed."""
        if len(batch) < self._full:
            for topic in self._for_s.keys() & {m.topic for m in batch}:
                self._until[topic] = self._now() + self._for_s[topic]

    def lasts(self, topic: str) -> bool:
        """Whether the topic still waits."""
        return topic in self._until and self._now() < self._until[topic]
