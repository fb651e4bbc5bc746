"""The errors that decide what becomes of a message; every other error is taken as its own, and tried a few times."""

import traceback
from typing import Any


class Permanent(Exception):
    """Trying again cannot help: the message goes to the dead letters, alone, and others go on. Raised as it stands,
    what the message says cannot be.
    """

    kind = "contradictory"


class Unreadable(Permanent):
    """It is no event of its topic."""

    kind = "unreadable"


class NewerVersion(Exception):
    """A version of one of our own events that this build does not know: its partition stops, nothing is skipped
    (D16).
    """


class WrongEnvironment(RuntimeError):
    """What is around the process is not as this build needs it: it ends, whatever it was doing, and buries nothing.
    The message says what an operator does; it holds nothing from an event.
    """


class LogTooShort(WrongEnvironment):
    """The stored offset lies beyond the log's end: the topic was lost or recreated, and reading on would skip events
    (D13).
    """


class LogTrimmed(WrongEnvironment):
    """The log begins after the stored offset: what lay between was deleted before it was consumed (retention, or a
    database restored from an old backup), and reading on would skip it (D13).
    """


class PutBack(Exception):
    """The database says that less was consumed than it said before: it was put back, by a restore, by a standby that
    lagged, or by an operator. What it forgot is read again.
    """


def without_values(error: BaseException) -> dict[str, Any]:
    """What a log may say of an error: its message and its variables may hold personal data (I22)."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "where": [f"{frame.filename}:{frame.lineno}" for frame in frames]}
