"""Where a service's time goes: py-spy beside it, while a benchmark measures. Figures taken under it are slower."""

import asyncio
import contextlib
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.ground import Field

BUILD = Path(__file__).resolve().parents[2] / "build"
_LINE = re.compile(r":\d+\)$")
MISSING = "--profile needs py-spy on the PATH or beside Python: pip install py-spy, wherever you like"


def find_profiler() -> str | None:
    """py-spy, if there is one."""
    return shutil.which("py-spy") or shutil.which("py-spy", path=str(Path(sys.executable).parent))


@contextlib.asynccontextmanager
async def profiled(field: Field, service: str | None) -> AsyncIterator[None]:
    """Record this service's stacks meanwhile, into build/profile-<service>.txt (one folded stack in each line)."""
    if service is None:
        yield
        return
    program = find_profiler()
    if program is None:
        raise RuntimeError(MISSING)
    BUILD.mkdir(exist_ok=True)
    target = BUILD / f"profile-{service}.txt"
    process = await asyncio.create_subprocess_exec(
        program, "record", "--pid", str(field.pids[service]), "--format", "raw", "--output", str(target),
        "--rate", "200", "--duration", "3600",
    )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()
        field.ground.say(f"stacks of {service}: {target}")
        for share, frame in hottest(target.read_text()):
            field.ground.say(f"{share:6.1%}  {frame}")


def hottest(folded: str, most: int = 30) -> list[tuple[float, str]]:
    """(share of all samples in which the function is on the stack, function), most first, from folded stacks."""
    total, counts = 0, Counter[str]()
    for line in folded.splitlines():
        stack, _, samples = line.rpartition(" ")
        total += int(samples)
        for frame in {_LINE.sub(")", frame) for frame in stack.split(";")}:
            counts[frame] += int(samples)
    return [(count / total, frame) for frame, count in counts.most_common(most)]
