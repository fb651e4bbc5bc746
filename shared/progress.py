"""How far each owned partition is read, for operators. Nothing is decided by it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from shared import metrics

Place = tuple[str, int]
"""Topic (without prefix) and partition."""


@dataclass(slots=True)
class _Seen:
    position: int | None
    moved_at: float


class Progress:
    """Of one member of a service's group. What it does not own it does not show: sums over replicas are right."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._now: Callable[[], float] = asyncio.get_running_loop().time
        self._seen: dict[Place, _Seen] = {}

    def owns(self, place: Place) -> None:
        """It is read from here on; its age counts from now."""
        seen = self._seen[place] = _Seen(None, self._now())
        labels = (self._service, place[0], str(place[1]))
        metrics.LAG.labels(*labels)
        metrics.PROGRESS_AGE.labels(*labels).set_function(lambda: self._now() - seen.moved_at)
        metrics.OWNED.labels(self._service).set(len(self._seen))

    def expect(self, partitions: int) -> None:
        """So many partitions have all topics together."""
        metrics.TOPIC_PARTITIONS.labels(self._service).set(partitions)

    def saw(self, place: Place, position: int, end: int) -> None:
        """All before `position` is processed, and the partition ends at `end`."""
        seen = self._seen[place]
        if position >= end or position != seen.position:
            seen.position, seen.moved_at = position, self._now()
        metrics.LAG.labels(self._service, place[0], str(place[1])).set(max(end - position, 0))

    def disown(self) -> None:
        """The assignment changes, or the member leaves."""
        for topic, partition in self._seen:
            for gauge in (metrics.LAG, metrics.PROGRESS_AGE):
                gauge.remove(self._service, topic, str(partition))
        self._seen.clear()
        metrics.OWNED.labels(self._service).set(0)
