"""The four services as processes: started, watched, started again when they die, stopped together.

The supervisor knows a service by three things only: ``python -m services.<name>`` runs it, ``/readyz`` on its
port says whether it is ready, and SIGTERM asks it to finish. Each belongs to the run, so that the guard stops
it when this process is killed.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from signal import SIGKILL, Signals

import httpx2

from services.cli.config import inherited_environment
from services.cli.providers import Child, ProcessError, Run

POLL_S = 0.05
FIRST_BACKOFF_S = 0.1
MAX_BACKOFF_S = 5.0
STEADY_AFTER_S = 10.0
"""Having run for so long, a service that dies has a backoff of its own again, not its forerunners'."""
HOPELESS_STARTS = 3
"""Deaths in a row of a service that never became ready: it is not going to, and waiting longer hides why."""
STOP_GRACE_S = 25.0
"""More than the services take to drain."""


@dataclass(frozen=True)
class Restart:
    """A service ended and was started again."""

    service: str
    code: int
    """Its exit code; negative: the signal."""
    times: int
    """How often by now."""
    last_words: str
    """The last line of its log, which says why when it ended by itself."""

    def __str__(self) -> str:
        how = f"by {Signals(-self.code).name}" if self.code < 0 else f"with {self.code}"
        why = f": {self.last_words}" if self.code > 0 else ""
        return f"{self.service} ended {how} and was started again ({self.times}){why}"


OnRestart = Callable[[Restart], None]


@dataclass(frozen=True)
class Service:
    """What to start. ``port`` is where it will answer ``/readyz``; the environment must tell it the same."""

    name: str
    port: int
    environment: Mapping[str, str] = field(repr=False)
    """Added to the inherited environment."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", f"services.{self.name}"]


class Supervisor:
    """Use it through :func:`supervise`."""

    def __init__(self, run: Run, services: Sequence[Service], on_restart: OnRestart | None = None) -> None:
        self.run = run
        self.services = {service.name: service for service in services}
        self.restarts = dict.fromkeys(self.services, 0)
        self.children: dict[str, Child] = {}
        self._on_restart = on_restart
        self._deaths_unready = dict.fromkeys(self.services, 0)
        self._watchers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every service and watch it."""
        for service in self.services.values():
            self._start(service)
            self._watchers.append(asyncio.create_task(self._watch(service), name=f"watch {service.name}"))

    async def ready(self, limit_s: float = 60.0) -> None:
        """Return when every service says that it is ready; raise ProcessError, with the log's tail, if one won't."""
        async with httpx2.AsyncClient(timeout=2.0, trust_env=False) as client:
            checks = (self._until_ready(client, service, limit_s) for service in self.services.values())
            await asyncio.gather(*checks)

    async def kill(self, name: str) -> int:
        """SIGKILL a service, for tests; its process id. It will be started again, as after any death."""
        child = self.children[name]
        child.signal(SIGKILL)
        await child.wait()
        return child.pid

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask all to finish, and end those that have not within the grace."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        running = [child for child in self.children.values() if child in self.run.children]
        self.children.clear()
        await asyncio.gather(*(self.run.stop(child, grace_s) for child in running))

    def _start(self, service: Service) -> None:
        # PYTHONSAFEPATH: a directory `services` of the caller's must not come before ours.
        environment = {**inherited_environment(), "PYTHONSAFEPATH": "1", **service.environment}
        self.children[service.name] = self.run.start(service.name, service.command, environment=environment)

    async def _watch(self, service: Service) -> None:
        """Start it again whenever it ends; later and later while it ends soon."""
        now = asyncio.get_running_loop().time
        backoff_s = FIRST_BACKOFF_S
        while True:
            started_at = now()
            child = self.children[service.name]
            code = await child.wait()
            self.run.forget(child)
            self._deaths_unready[service.name] += 1
            backoff_s = FIRST_BACKOFF_S if now() - started_at > STEADY_AFTER_S else min(backoff_s * 2, MAX_BACKOFF_S)
            await asyncio.sleep(backoff_s)
            self.restarts[service.name] += 1
            restart = Restart(service.name, code, self.restarts[service.name], child.last_words)
            self._start(service)
            if self._on_restart:
                self._on_restart(restart)

    async def _until_ready(self, client: httpx2.AsyncClient, service: Service, limit_s: float) -> None:
        said = "nothing"
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    if self._deaths_unready[service.name] >= HOPELESS_STARTS:
                        raise self.children[service.name].failure(f"died {HOPELESS_STARTS} times before it was ready")
                    with contextlib.suppress(httpx2.HTTPError):
                        answer = await client.get(f"http://127.0.0.1:{service.port}/readyz")
                        if answer.status_code == 200 and self.children[service.name].running:
                            self._deaths_unready[service.name] = 0
                            return
                        said = f"{answer.status_code} {answer.text[:200]}"
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            why = f"not ready after {limit_s:g} s, /readyz says {said}"
            raise self.children[service.name].failure(why) from None


@contextlib.asynccontextmanager
async def supervise(
    run: Run, services: Sequence[Service], on_restart: OnRestart | None = None
) -> AsyncIterator[Supervisor]:
    """The services run, not yet necessarily ready; at the end they are stopped, come what may."""
    supervisor = Supervisor(run, services, on_restart)
    supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


__all__ = ["ProcessError", "Restart", "Service", "Supervisor", "supervise"]
