"""`duban rebuild TOPIC`: send a lost topic's events again, and let its consumers begin at the beginning of the new log.

All of it is one transaction of the database: positions forgotten, events appended to their producer's outbox. The
relays send them as they send everything, consumers that run notice that they were put back, and consumers that had
stopped find where to begin when they start again. Sent again, an event has its original id and revision: it changes
nothing for those who have had it (D3, I5). It works the same with the services running or stopped, and again.
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from services.cli.migrate import SERVICES


@dataclass(frozen=True)
class Rebuilt:
    """What was done for one topic: how many events its producer sends again and from where they come; whose positions
    were forgotten; how many dead letters were of the old log."""

    topic: str
    producer: str | None
    events: int
    source: str
    consumers: tuple[str, ...]
    letters: int


class CannotRebuild(ValueError):
    """There is no such topic."""


async def rebuild(dsn: str, topic: str) -> Rebuilt:
    """In one transaction. Raises CannotRebuild, UnknownEvent."""
    from services.cli.recovery.sources import KEPT, events_of
    from shared import outbox
    from shared.events.catalog import topics
    from shared.postgres import connect

    declared = topics().get(topic)
    if declared is None:
        raise CannotRebuild(f"there is no topic {topic}: it is one of {', '.join(sorted(topics()))}")
    producer = next((name for name in declared.producers if name in SERVICES), None)
    consumers = tuple(name for name in SERVICES if name in declared.consumers)
    events, source, letters = 0, "nothing of ours: its publishers send again what was not accepted", 0
    pool = await connect(dsn, "public", size=1, command_timeout_s=3600)
    try:
        async with pool.acquire() as conn, conn.transaction():
            for service in SERVICES:
                await conn.execute(f'delete from "{service}".published_offsets where topic = $1', topic)
                await conn.execute(f'delete from "{service}".consumed_offsets where topic = $1', topic)
                moved = await conn.execute(
                    f'update "{service}".dead_letters set logs_ago = logs_ago + 1 where topic = $1', topic
                )
                letters += int(moved.split()[-1])
            if producer is not None:
                await conn.execute(f'set local search_path to "{producer}"')
                if topic in KEPT:
                    source = KEPT[topic]
                    async for messages in events_of(conn, topic):
                        await outbox.append(conn, messages)
                        events += len(messages)
                else:
                    kept: str | None = await conn.fetchval(
                        "select min(created_at)::text from outbox where topic = $1 and sent_at is not null", topic
                    )
                    source = f"{producer}'s outbox" + (f", which begins at {kept}" if kept else "")
                    again = await conn.execute(
                        "update outbox set sent_at = null where topic = $1 and sent_at is not null", topic
                    )
                    events = int(again.split()[-1])
    finally:
        await pool.close()
    return Rebuilt(topic, producer, events, source, consumers, letters)


def rebuild_command(
    names: Annotated[
        list[str], typer.Argument(metavar="TOPIC…", help="Names without the prefix, as in `duban topics`.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")] = False,
) -> None:
    """Send the events of lost topics again, from what is kept for years, else from the outboxes.

    The topics must be there: run `duban topics` first. Needs DUBAN_POSTGRES only; the services send.
    """
    import asyncpg

    from services.cli.config import settings_for
    from services.cli.recovery.sources import UnknownEvent

    settings = settings_for("rebuild")
    if settings.postgres is None:
        typer.echo("duban rebuild: DUBAN_POSTGRES is not set: say where the database is, as a DSN", err=True)
        raise typer.Exit(2)
    try:
        done = [asyncio.run(rebuild(settings.postgres, name)) for name in names]
    except CannotRebuild as error:
        typer.echo(f"duban rebuild: {error}", err=True)
        raise typer.Exit(2) from None
    except (UnknownEvent, asyncpg.PostgresError, OSError) as error:
        typer.echo(f"duban rebuild: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in done]))
        return
    for each in done:
        typer.echo(f"{each.topic}: {each.events} events are sent again, from {each.source}")
        typer.echo(f"  {', '.join(each.consumers) or 'none of our services'} will read it from its beginning")
        if each.letters:
            typer.echo(f"  {each.letters} dead letters are of the log before: `duban letters list --all`")
