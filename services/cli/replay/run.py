"""One replay from files to report. Everything that can be refused is refused before anything is sent."""

import contextlib
import resource
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import asyncpg

from services.cli.config import Settings
from services.cli.replay.feed import Feed, producing
from services.cli.replay.load import Loaded, Outcome, load
from services.cli.replay.mapping import Mapper
from services.cli.replay.mapping_model import load_mapping
from services.cli.replay.rejections import Refused, ends_of_rejections, refused_since
from services.cli.replay.report import Outcome as Verdict
from services.cli.replay.report import Totals
from services.cli.replay.spool import Spool
from services.cli.replay.target import Target, is_external, refuse_impossible_time, target
from services.cli.replay.views import count_dead_letters, write_report
from services.cli.replay.watch import Watch
from services.cli.stack import Stack
from services.cli.supervisor import Restart
from shared.events.base import Origin
from shared.events.catalog import topics
from shared.postgres import Connection


@dataclass(frozen=True)
class Wanted:
    """What the user asked for. `origin` None: live on services of our own, else import."""

    files: Sequence[Path]
    mapping: Path
    as_of: datetime
    report: Path
    clock: Literal["backfill", "follow"] = "backfill"
    shuffle: int | None = None
    duplicate: float = 0.0
    origin: Origin | None = None


class Listener(Protocol):
    """Who is told while it goes on."""

    def stage(self, name: str, total: int | None) -> None:
        """Something begins that takes a while; `total` is how often `advance` will count, where that is known."""

    def watching(self, services: Target) -> contextlib.AbstractAsyncContextManager[object]:
        """Entered when the services are ready and nothing was sent yet, left before they stop."""

    def advance(self, count: int) -> None: ...

    def line(self, outcome: Outcome) -> None:
        """A line was read."""

    def restarted(self, restart: Restart) -> None:
        """A service died and runs again."""

    async def instant(self, at: datetime) -> None:
        """The clock stood here, and all that follows from it has happened (follow)."""


@dataclass
class Summary:
    """What a replay came to."""

    loaded: Loaded
    planned: int = 0
    after_as_of: int = 0
    refused: Refused = field(default_factory=Refused)
    totals: Totals = field(default_factory=Totals)
    standing: int = 0
    dead_letters: int = 0
    steps: int = 0
    restarts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mb: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """How long a stage took."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = round(time.monotonic() - begun, 3)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "lines": self.loaded.lines,
            "submissions": self.loaded.submissions,
            "ignored": self.loaded.ignored,
            "unmapped": {"total": self.loaded.unmapped, "reasons": dict(self.loaded.reasons)},
            "after_as_of": self.after_as_of,
            "sent": self.planned,
            "refused": {
                "total": self.refused.total,
                "reasons": dict(self.refused.reasons),
                "posts": sorted(self.refused.posts),
            },
            "dead_letters": self.dead_letters,
            "clocks": self.totals.clocks,
            "outcomes": {verdict.value: self.totals.outcomes[verdict.value] for verdict in Verdict},
            "cases": self.totals.cases,
            "standing": self.standing,
            "clock_steps": self.steps,
            "restarts": self.restarts,
            "seconds": self.seconds,
            "peak_memory_mb": self.peak_memory_mb,
        }


Then = Callable[[Target, Summary], Awaitable[None]]
"""What to do when the report is written, while the services still run."""


async def replay(wanted: Wanted, settings: Settings, listener: Listener, then: Then | None = None) -> Summary:
    """Do it. Raises BadMapping, BadLog, Conflict, CannotReplay; Stuck and ProcessError when the services fail."""
    origin: Origin = wanted.origin or ("import" if is_external(settings) else "live")
    mapping = load_mapping(wanted.mapping)
    mapper = Mapper(mapping, wanted.mapping, origin)
    with Spool(mapping.source) as spool:
        listener.stage("reading", None)
        begun = time.monotonic()
        summary = Summary(load(wanted.files, mapper, wanted.mapping, spool, listener.line))
        summary.planned, summary.after_as_of = spool.plan(
            "time" if wanted.clock == "follow" else "file",
            shuffle=wanted.shuffle,
            duplicate=wanted.duplicate,
            as_of=wanted.as_of,
        )
        summary.seconds["read"] = round(time.monotonic() - begun, 3)
        begins = min(wanted.as_of, spool.first_known() or wanted.as_of)
        start = begins if wanted.clock == "follow" else wanted.as_of
        listener.stage("starting the services", None)
        begun = time.monotonic()
        async with (
            target(settings, wanted.mapping, start, listener.restarted) as services,
            listener.watching(services),
        ):
            summary.seconds["start"] = round(time.monotonic() - begun, 3)
            await _feed(wanted, services, spool, listener, summary, mapping.source, _token_of(settings, services))
            listener.stage("writing the report", None)
            with summary.timed("report"):
                summary.totals, summary.standing = await write_report(
                    services.postgres, mapping.authority, spool.matters(), wanted.as_of, wanted.report
                )
            if services.stack is not None:
                summary.restarts = dict(services.stack.supervisor.restarts)
            summary.peak_memory_mb = peak_memory_mb(services.stack)
            if then is not None:
                await then(services, summary)
    return summary


def _token_of(settings: Settings, services: Target) -> str | None:
    """Services of our own ask for none."""
    if services.stack is not None or settings.publisher_token is None:
        return None
    return settings.publisher_token.get_secret_value()


async def _feed(
    wanted: Wanted,
    services: Target,
    spool: Spool,
    listener: Listener,
    summary: Summary,
    source: str,
    token: str | None,
) -> None:
    conn: Connection = await asyncpg.connect(services.postgres, timeout=10, command_timeout=60)
    try:
        await refuse_impossible_time(conn, wanted.as_of, follow=wanted.clock == "follow")
        begins = await ends_of_rejections(conn, services.prefix)
        watch = await Watch(conn, topics()).start()
        async with producing(services.kafka, services.access) as producer:
            listener.stage("replaying", summary.planned)
            feed = Feed(conn, producer, watch, services.prefix, listener.advance, token)
            with summary.timed("replay"):
                if wanted.clock == "follow":
                    await feed.follow(spool.planned(), wanted.as_of, listener.instant)
                else:
                    await feed.backfill(spool.planned(), wanted.as_of)
        summary.steps = feed.steps
        summary.refused = await refused_since(
            conn, services.kafka, services.prefix, begins, source, spool.post_assigned_by, services.access
        )
        summary.dead_letters = await count_dead_letters(conn)
    finally:
        await conn.close()


def peak_memory_mb(stack: Stack | None) -> dict[str, int]:
    """The most that we, and each service of ours, ever held. Of a service that was started again: since then."""
    found = {"replay": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    for name, child in (stack.supervisor.children if stack else {}).items():
        with contextlib.suppress(OSError):  # no /proc, or it is gone
            status = Path(f"/proc/{child.pid}/status").read_text()
            found[name] = next(int(line.split()[1]) // 1024 for line in status.splitlines() if line[:5] == "VmHWM")
    return found
