"""Named points at which the crash programme may kill a process: between two steps that must not come apart.

Off unless DUBAN_FAILPOINTS names a directory: then `reach` is one comparison. Where it is set, a file in that directory
with a point's name arms the point; whoever reaches it first takes the file away and dies by SIGKILL on the spot, as if
the power had gone. Nothing is cleaned up, which is the purpose. It is a setting of tests/crash only.
"""

import os
import signal
from pathlib import Path

_ARMED = os.environ.get("DUBAN_FAILPOINTS")  # noqa: TID251 - no service's setting: it must be known before any is read


def reach(point: str) -> None:
    """Die here if the point is armed."""
    if _ARMED is not None:
        _die(Path(_ARMED), point)


def _die(directory: Path, point: str) -> None:
    try:
        (directory / point).rename(directory / f"{point}.{os.getpid()}")  # one of several processes gets it
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
