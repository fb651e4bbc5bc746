"""When telling people waits for deciding: at the beginning of a storm, once, some seconds.

      ┌───────── a full batch, none in the last minute ─────────┐
    reading ◄── after 15 s, until the storm is over ── resting ◄┘

A full batch means that more has come than is told at once: a storm, and whoever opens its cases needs the processor. A
storm is over a minute after its last full batch, so it brings one rest, whatever its length. A person hears of it
15 s later at most: limits of cases are days. Time is the process's own; a simulated clock knows no hurry, and no rest.
"""

LONGEST_S = 15.0
OVER_S = 60.0


class Rest:
    """`full` is how many messages a full batch has; None: never rests."""

    def __init__(self, full: int | None = None) -> None:
        self._full = full
        self._full_at = self._until = float("-inf")

    def took(self, messages: int, now: float) -> None:
        """A batch of so many came."""
        if self._full is None or messages < self._full:
            return
        if now - self._full_at > OVER_S:
            self._until = now + LONGEST_S
        self._full_at = now

    def lasts(self, now: float) -> bool:
        return now < self._until
