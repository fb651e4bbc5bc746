"""Where a replay goes: services that run already, or four of our own on throw-away infrastructure."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.cli.config import Settings
from services.cli.providers import provide
from services.cli.replay.items import catalogue_files
from services.cli.stack import Stack, start_stack
from services.cli.supervisor import OnRestart
from shared.clock import SimulatedClock
from shared.kafka_access import Access, access_of
from shared.postgres import Connection


class CannotReplay(ValueError):
    """What was asked for cannot be done; nothing was sent."""


@dataclass(frozen=True)
class Target:
    """Services that are up. `stack` is None where they are not ours."""

    kafka: str
    postgres: str
    prefix: str
    stack: Stack | None
    access: Access = field(default_factory=dict, repr=False)
    """How the Kafka is reached, where it asks who we are."""


def is_external(settings: Settings) -> bool:
    """Whether the settings name running services. Raises CannotReplay when they name half of them."""
    if (settings.kafka is None) != (settings.postgres is None):
        missing = "DUBAN_KAFKA" if settings.kafka is None else "DUBAN_POSTGRES"
        raise CannotReplay(f"{missing} is not set: set both to use services that run, or neither to start them")
    return settings.kafka is not None


@contextlib.asynccontextmanager
async def target(
    settings: Settings, mapping: Path, start: datetime, on_restart: OnRestart | None = None
) -> AsyncIterator[Target]:
    """The running services that the settings name; else our own, whose simulated clock stands at `start`."""
    if is_external(settings):
        assert settings.kafka and settings.postgres  # noqa: S101 - is_external says so
        yield Target(settings.kafka, settings.postgres, settings.topic_prefix, None, access_of(settings))
        return
    with tempfile.TemporaryDirectory(prefix="duban-catalogue-") as directory:
        files = catalogue_files(mapping, Path(directory))
        async with (
            provide("embedded", durable=False) as infrastructure,
            start_stack(
                infrastructure,
                clock="simulated",
                start=start,
                catalogues=files,
                on_restart=on_restart,
                settings={"DUBAN_HTTP_HOST": "127.0.0.1", "DUBAN_INTAKE_REQUIRE_TOKENS": "false"},
            ) as stack,
        ):
            yield Target(infrastructure.kafka, infrastructure.postgres, stack.prefix, stack)


async def refuse_impossible_time(conn: Connection, as_of: datetime, *, follow: bool) -> None:
    """Raise CannotReplay where the services' clock cannot do what is asked: never back, and the wall's not at all."""
    if not await conn.fetchval("select to_regclass('clock.simulated') is not null"):
        if follow:
            raise CannotReplay("--clock follow moves the clock, but the running services are on the wall clock")
        if await conn.fetchval("select $1 > clock_timestamp()", as_of):
            raise CannotReplay("--as-of lies ahead of the running services' wall clock")
    elif (now := (await SimulatedClock().moment(conn)).now) > as_of:
        raise CannotReplay(
            f"the services' simulated clock stands at {now.isoformat()}, after --as-of; it never goes back"
        )
