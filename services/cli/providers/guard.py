"""A process that outlives its parent by a moment, to clear up after it.

Run as a plain script (``python -I -S guard.py DIRECTORY GRACE_S``): standard library only, so that it starts
in ten milliseconds and works when everything else is broken. Its standard input is a pipe of which only the
parent, and each child until it becomes its program, hold the other end. The kernel closes that end however
the parent dies, ``kill -9`` included; the end of the input is therefore the whole signal.

The input has one line for each change: ``+ GROUP SIGNAL`` (a process group to stop, and how) and ``- GROUP``
(it is gone, and its number may be somebody else's now). At the end every group that remains is stopped, and
the private directory is removed.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

POLL_S = 0.01
"""Between two looks at processes that are no children of ours, so that nothing could be awaited."""


def main() -> None:
    directory, grace_s = Path(sys.argv[1]), float(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the parent; we follow it, never precede it
    stop(registered(sys.stdin), grace_s)
    remove(directory, grace_s)


def registered(lines: Iterable[str]) -> dict[int, int]:
    """Read to the end, i.e. until the parent is gone; then group -> the signal that stops it."""
    groups: dict[int, int] = {}
    for line in lines:
        match line.split():
            case ["+", group, number]:
                groups[int(group)] = int(number)
            case ["-", group]:
                groups.pop(int(group), None)
    return groups


def stop(groups: dict[int, int], grace_s: float) -> None:
    """Ask every group to stop, the last started first, and end those that have not within the grace."""
    for group in reversed(groups):
        send(group, groups[group])
    wait_until_gone(groups, grace_s)
    for group in groups:
        send(group, signal.SIGKILL)
    wait_until_gone(groups, grace_s)


def send(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # gone, or the number belongs to another user's processes by now


def wait_until_gone(groups: Iterable[int], limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while any(alive(group) for group in groups) and time.monotonic() < end:
        time.sleep(POLL_S)


def alive(group: int) -> bool:
    """Whether the group runs. One whose leader is a zombie does not: its new parent may never collect it."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    try:
        state = Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state not in ("Z", "X")


def remove(directory: Path, limit_s: float) -> None:
    """Remove the directory; again while a process that is just ending still writes into it."""
    end = time.monotonic() + limit_s
    while directory.exists() and time.monotonic() < end:
        shutil.rmtree(directory, ignore_errors=True)
        if directory.exists():
            time.sleep(POLL_S)


if __name__ == "__main__":
    main()
