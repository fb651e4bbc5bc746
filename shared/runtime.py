"""A service process: its loops and its HTTP server live and die together, and a signal drains them."""

import asyncio
import contextlib
import faulthandler
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

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
CLOSE_S = 5.0
LAST_RESORT_S = 30.0
"""A process that ends and has not ended after the drain and so long again is ended from outside of its loop."""
T = TypeVar("T")
log = structlog.get_logger()


class Stuck(RuntimeError):
    """A part of the service takes no step any more: it ends, to be started anew."""


class Loop:
    """A loop of a service besides its consumer and relay: `run` until `stop`. `alive_at` is when it last took a step,
    on the event loop's clock; without it nobody looks whether it does."""

    def __init__(
        self, run: Callable[[asyncio.Event], Awaitable[None]], alive_at: Callable[[], float] | None = None
    ) -> None:
        self._run = run
        self.alive_at = alive_at
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        await self._run(self._stopping)


@dataclass
class App:
    """What `build` wires: everything that runs, in the order in which it is stopped. `live` says what is stuck."""

    name: str
    pool: Pool
    api: FastAPI
    host: str
    port: int
    consumer: Consumer
    relay: Relay
    live: Callable[[], str | None]
    loops: Sequence[Loop] = field(default_factory=tuple)
    measures: Sequence[Measure] = field(default_factory=tuple)
    watch_s: float = 5


def live(
    consumer: Consumer, relay: Relay | None = None, loops: Sequence[Loop] = (), after_s: float = STUCK_AFTER_S
) -> str | None:
    """Liveness is progress: a part that takes no step is stuck, however well its process looks. Waiting for a broker or
    a database that is away is no stuckness: it is tried again and again, and /readyz says so."""
    now = asyncio.get_running_loop().time()
    steps = {"the consumer": consumer.polled_at}
    if relay is not None:
        steps["the relay"] = relay.alive_at
    steps |= {f"loop {n}": loop.alive_at() for n, loop in enumerate(loops) if loop.alive_at is not None}
    stuck = [f"{part} has taken no step for {now - at:.0f} s" for part, at in steps.items() if now - at >= after_s]
    return "; ".join(stuck) or None


def ready(consumer: Consumer, relay: Relay | None = None) -> str | None:
    """Ready: it has partitions, none of them is stopped, and it waits for nobody."""
    if consumer.stopped_partitions:
        return "; ".join(consumer.stopped_partitions.values())
    if trouble := consumer.trouble or (relay and relay.trouble):
        return trouble
    return None if consumer.assigned else "no partitions assigned yet"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: signals begin our drain, and it ends the server."""
        yield


async def serve(app: App, stopping: asyncio.Event) -> None:
    """Run every part until `stopping` is set or one of them ends; then drain: stop consuming and firing, send what is
    committed. `app.port` becomes the port that was bound. Raises what a part raised.
    """
    if open_routes := undeclared(app.api):
        raise WrongEnvironment(f"{app.name} has routes that do not say who may call them: {', '.join(open_routes)}")
    listener = _listening(app.name, app.host, app.port)
    app.port = listener.getsockname()[1]
    config = uvicorn.Config(app.api, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
    server = _Server(config)
    gauges = Loop(lambda stopping: watch(app.pool, app.name, app.measures, stopping, every_s=app.watch_s))
    parts: tuple[Consumer | Loop, ...] = (app.consumer, *app.loops, gauges)
    first = [asyncio.create_task(part.run()) for part in parts]
    relay = asyncio.create_task(app.relay.run())
    http = asyncio.create_task(server.serve(sockets=[listener]))
    asked = asyncio.create_task(stopping.wait())
    stuck = asyncio.create_task(_until_stuck(app.live))
    tasks = (asked, *first, relay, http, stuck)
    log.info("started", service=app.name, port=app.port)
    try:
        done, _ = await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
        if stuck in done:  # what does not move does not drain
            stuck.result()
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
        if stuck.done():  # a database that does not answer would hold up every rollback
            app.pool.terminate()
        ended, _ = await asyncio.wait(tasks, timeout=CLOSE_S)
        for task in ended:
            if not task.cancelled():
                task.exception()  # the one that counts is raised already
        try:
            async with asyncio.timeout(CLOSE_S):
                await app.pool.close()
        except TimeoutError:
            app.pool.terminate()
    log.info("stopped", service=app.name)


def _listening(name: str, host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), reuse_port=False)
    except OSError as error:
        raise WrongEnvironment(f"{name} cannot answer on port {port} of {host}: {error.strerror}") from None


async def _unless(stopping: asyncio.Event, work: Coroutine[None, None, T]) -> T | None:
    """What `work` returns; None when it is told to stop before that."""
    doing, asked = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({doing, asked}, return_when="FIRST_COMPLETED")
        return doing.result() if doing.done() else None
    finally:
        for task in (doing, asked):
            task.cancel()


async def _until_stuck(live: Callable[[], str | None]) -> None:
    """Raises Stuck when a part is; returns never."""
    while (reason := live()) is None:  # noqa: ASYNC110 - what hangs sets no event
        await asyncio.sleep(1)
    raise Stuck(reason)


async def _beat(after_s: float) -> None:
    """A process whose event loop is blocked, or that does not end when it should, cannot end itself: a thread of the
    interpreter does, and prints where it hangs."""
    while True:
        faulthandler.dump_traceback_later(after_s, exit=True)
        await asyncio.sleep(1)


def _collect_rarely() -> None:
    """What a batch makes dies with it, by reference counts. Left to its defaults the collector looks at all of it some
    hundred times for each batch, and at every module and model besides: a sixth of a service's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run(build: Callable[[], Coroutine[None, None, App]]) -> None:
    """Build and serve until a signal comes, or until a part fails: then exit with 1, so that the supervisor restarts.
    What failed is logged without its values (I22), but for what a deployment lacks: that is ours, and to be read."""

    async def main() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        beating = asyncio.create_task(_beat(DRAIN_S + LAST_RESORT_S))
        try:
            app = await _unless(stopping, build())
            if app is not None:
                _collect_rarely()
                await serve(app, stopping)
        finally:
            beating.cancel()  # from here on it has so long to end

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
    except Stuck as error:
        log.critical("stuck", reason=str(error))
        raise SystemExit(1) from None
    except Exception as error:
        log.critical("failed", **without_values(error))
        raise SystemExit(1) from None
