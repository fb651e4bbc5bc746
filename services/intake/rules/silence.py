"""When a publisher that used to send counts as silent, by its own habit: offices are quiet at night and at weekends.

    heard ──quiet for longer than twice its usual gap──► silent ──`gone_after` later──► gone
      ▲                                                    │                              │
      └──────────────────── anything of it taken in ───────┴──────────────────────────────┘

The usual gap is the longest of late: it halves in a week that shows no longer one. A silence teaches no more than the
patience it was met with, so that one outage does not make the next one unseen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

FIRST_GAP = timedelta(days=3)
"""Of a source just met: it fades until its first Friday, and that weekend is no silence yet."""
HALF_LIFE = timedelta(days=7)
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """A source, when something of it was last taken in, and how long it usually keeps quiet."""

    source: str
    at: datetime
    usual_gap: timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """Nobody is silent before `at_least`, however often they send; nobody is missed for longer than `gone_after`."""

    at_least: timedelta
    gone_after: timedelta


def hear(known: Heard | None, source: str, at: datetime) -> Heard:
    """Something of the source is taken in."""
    if known is None:
        return Heard(source, at, FIRST_GAP)
    quiet = at - known.at
    if quiet <= timedelta(0):
        return known
    faded = known.usual_gap * 0.5 ** (quiet / HALF_LIFE)
    return Heard(source, at, max(faded, min(quiet, PATIENCE * known.usual_gap)))


def silent_from(heard: Heard, patience: Patience) -> datetime:
    """Until then its silence is usual."""
    return heard.at + max(PATIENCE * heard.usual_gap, patience.at_least)


def judge(heard: Heard, now: datetime, patience: Patience) -> Literal["heard", "silent", "gone"]:
    """What the source is now."""
    late = now - silent_from(heard, patience)
    if late <= timedelta(0):
        return "heard"
    return "silent" if late <= patience.gone_after else "gone"
