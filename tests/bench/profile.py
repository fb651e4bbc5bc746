"""Where a service's time goes: py-spy beside it, while a benchmark measures. Figures taken under it are slower."""

import asyncio
import contextlib
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.ground import Field

BUILD = Path(__file__).resolve().parents[2] / "build"
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
