"""A service process: its loops and its HTTP server live and die together, and a signal drains them."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from shared.errors import WrongEnvironment, without_values
from shared.identity.guard import undeclared
from shared.kafka import Consumer
from shared.outbox import Relay
from shared.postgres import Pool
from shared.watch import Measure, watch

STUCK_AFTER_S = 60.0
DRAIN_S = 20.0
log = structlog.get_logger()


class Loop:
    """A loop of a service besides its consumer and relay: `run` until `stop`."""

    def __init__(self, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        self._run = run
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        await self._run(self._stopping)


@dataclass
class App:
    """What `build` wires: everything that runs, in the order in which it is stopped."""

    name: str
    pool: Pool
    api: FastAPI
    host: str
    port: int
    consumer: Consumer
    relay: Relay
    loops: Sequence[Loop] = field(default_factory=tuple)
    measures: Sequence[Measure] = field(default_factory=tuple)
    watch_s: float = 5


def live(consumer: Consumer) -> str | None:
    """Liveness is progress: a consumer that does not poll is stuck, however well its process looks."""
    age = asyncio.get_running_loop().time() - consumer.polled_at
    return None if age < STUCK_AFTER_S else f"the consumer has not polled for {age:.0f} s"


def ready(consumer: Consumer) -> str | None:
    """Ready: it has partitions, and none of them is stopped."""
    if consumer.stopped_partitions:
        return "; ".join(consumer.stopped_partitions.values())
    return None if consumer.assigned else "no partitions assigned yet"


async def serve(app: App, stopping: asyncio.Event) -> None:
    """Run every part until `stopping` is set or one of them ends; then drain: stop consuming and firing, send what is
    committed. `app.port` becomes the port that was bound. Raises what a part raised.
    """
    if open_routes := undeclared(app.api):
        raise WrongEnvironment(f"{app.name} has routes that do not say who may call them: {', '.join(open_routes)}")
    listener = socket.create_server((app.host, app.port), reuse_port=False)
    app.port = listener.getsockname()[1]
    config = uvicorn.Config(app.api, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # we drain on signals
    gauges = Loop(lambda stopping: watch(app.pool, app.name, app.measures, stopping, every_s=app.watch_s))
    parts: tuple[Consumer | Loop, ...] = (app.consumer, *app.loops, gauges)
    first = [asyncio.create_task(part.run()) for part in parts]
    relay = asyncio.create_task(app.relay.run())
    http = asyncio.create_task(server.serve(sockets=[listener]))
    asked = asyncio.create_task(stopping.wait())
    tasks = (asked, *first, relay, http)
    log.info("started", service=app.name, port=app.port)
    try:
        done, _ = await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
        log.info("draining", service=app.name)
        server.should_exit = True
        for part in parts:
            part.stop()
        async with asyncio.timeout(DRAIN_S):
            await asyncio.gather(http, *first)
            app.relay.stop()
            await relay
        if asked not in done:
            raise RuntimeError(f"{app.name} ended by itself")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await app.pool.close()
    log.info("stopped", service=app.name)


def run(build: Callable[[], Awaitable[App]]) -> None:
    """Build and serve until a signal comes, or until a part fails: then exit with 1, so that the supervisor restarts.
    What failed is logged without its values (I22), but for what a deployment lacks: that is ours, and to be read."""

    async def main() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await serve(await build(), stopping)

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    try:
        uvloop.run(main())
    except WrongEnvironment as error:
        log.critical("wrong_environment", reason=str(error))
        raise SystemExit(1) from None
    except Exception as error:
        log.critical("failed", **without_values(error))
        raise SystemExit(1) from None
