"""The processes of one run: started in groups of their own, logged, and sure to be stopped.

A :class:`Run` owns a private directory and a guard (see guard.py). Whatever is started through it is stopped
when the run is closed, and by the guard when this process dies without closing it. Nothing here knows what
the programs are.

``subprocess`` is used rather than asyncio's own: uvloop's knows no ``user=``, which Postgres needs.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.providers import guard

POLL_S = 0.01
GUARD_GRACE_S = 2.0
SERVER_PORTS = range(20_000, 32_768)
"""Below what Linux (32768), BSD and macOS (49152) give to outgoing connections: one of those would hold the port of a
service that died for as long as it lasts."""

REGISTER_THEN_BECOME = 'echo "+ $$ $0" >&0 && exec "$@" </dev/null'
"""Our child tells the guard its own number before it becomes the program. Were it the parent's task, a kill
between the start and the note would leave the child behind. Standard input is the guard's pipe until then."""


class ProcessError(RuntimeError):
    """A program did not start, or ended when it should run; the message ends with the end of its log."""


@dataclass(frozen=True)
class Account:
    """The operating system's user a program runs as."""

    uid: int
    gid: int


@dataclass(eq=False)
class Child:
    """A started program. Its process id is its group's too."""

    name: str
    log: Path
    stop_signal: signal.Signals
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative: ended by that signal."""
        return self.process.poll()

    @property
    def running(self) -> bool:
        return self.returncode is None

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        return await ended(self.process)

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group; nothing if it is gone."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self, grace_s: float) -> int:
        """Stop it in its own manner, or by SIGKILL when the grace is over."""
        self.signal(self.stop_signal)
        try:
            async with asyncio.timeout(grace_s):
                return await self.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            return await self.wait()

    @property
    def last_words(self) -> str:
        """The last line of its log; empty when it wrote none."""
        return self.log_tail(1)

    def log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def failure(self, what: str) -> ProcessError:
        return ProcessError(f"{self.name}: {what}\n{self.log_tail()}".rstrip())


class Run:
    """A private directory, the programs started in it, and the guard over both."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="duban-"))
        self.children: list[Child] = []
        (self.directory / "logs").mkdir(mode=0o700)
        try:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(self.directory), str(GUARD_GRACE_S)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except OSError:
            shutil.rmtree(self.directory)
            raise

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
    ) -> Child:
        """Start a program; its output is appended to ``logs/<name>.log``.

        ``environment`` is the whole environment, None the inherited one. ``account`` needs root.
        """
        log = self.directory / "logs" / f"{name}.log"
        # The arguments: $0 of the shell's text is the signal's number, "$@" the program.
        shell: list[str | Path] = ["/bin/sh", "-c", REGISTER_THEN_BECOME, str(int(stop_signal)), *command]
        with log.open("ab") as output:
            process = subprocess.Popen(
                shell,
                stdin=self._guard.stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=cwd or self.directory,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        child = Child(name, log, stop_signal, process)
        self.children.append(child)
        return child

    def forget(self, child: Child) -> None:
        """Take back a program that has ended, lest its number be signalled when it is somebody else's."""
        if child.running:
            raise ProcessError(f"{child.name} ({child.pid}) still runs")
        self.children.remove(child)
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(f"- {child.pid}\n".encode())
                pipe.flush()

    async def stop(self, child: Child, grace_s: float = 5.0) -> int:
        """Stop one program and forget it; its exit code."""
        code = await child.stop(grace_s)
        self.forget(child)
        return code

    async def close(self, grace_s: float = 5.0) -> None:
        """Stop what runs, the last started first, and remove the directory."""
        for child in reversed(list(self.children)):
            await self.stop(child, grace_s)
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        await ended(self._guard)
        shutil.rmtree(self.directory, ignore_errors=True)  # nothing is left, unless the guard was killed


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Polled: a waiting thread for each child would use up asyncio's pool, which is small on two cores."""
    while (code := process.poll()) is None:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(POLL_S)
    return code


@contextlib.asynccontextmanager
async def run() -> AsyncIterator[Run]:
    """A run that is closed at the end, come what may."""
    opened = Run()
    try:
        yield opened
    finally:
        await opened.close()


def free_port() -> int:
    """A loopback port that is free now, and that no outgoing connection is given: a service that is started again finds
    it free again. Another server may take it before you do: whoever uses it tries again."""
    for port in random.sample(SERVER_PORTS, len(SERVER_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ProcessError(f"no port between {SERVER_PORTS.start} and {SERVER_PORTS.stop - 1} is free")
