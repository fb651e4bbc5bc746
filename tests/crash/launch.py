"""Starts one service with a clock that can be set: `python launch.py SERVICE FILE`.

The file holds one little-endian double, the seconds by which this process' clock is wrong; it is read at each look at
the clock, so that whoever writes it sets the clock of a running process. Nothing else of the service is touched.
"""

import mmap
import runpy
import struct
import sys
from datetime import datetime, timedelta
from pathlib import Path

from shared import clock


def main(service: str, file: Path) -> None:
    with file.open("rb") as opened:
        shift = mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ)
    honest = clock.wall

    def wall() -> datetime:
        return honest() + timedelta(seconds=struct.unpack("<d", shift[:8])[0])

    clock.wall = wall
    sys.argv = [service]
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
