"""`duban grow`: more partitions, as the topics' files of this build declare, while no service runs.

A key's partition follows from their number, so growing moves keys. What depends on it is here: the topics themselves,
the lanes in which deadline's clocks wait for their partition to be read, and the buckets of outbox rows that are kept.
Offsets stay as they are: a new partition is read from its beginning.

It refuses while a service is connected, while an event is unsent, and while something of ours is published and not
consumed: an event of a key in its old partition must not wait behind a later one in the new. `submissions` need not be
drained, as intake and the fold ask for no order (I8). It never makes fewer. It can be run again where it was cut short.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.migrate import SERVICES

if TYPE_CHECKING:
    from shared.kafka_access import Access
    from shared.postgres import Connection

PAGE = 10_000
"""Rows in one statement and one transaction."""
NOT_OURS = "submissions"


class CannotGrow(RuntimeError):
    """Something still runs, waits or is not as it should be; nothing was changed."""


@dataclass(frozen=True)
class Grown:
    """What was changed."""

    topics: Mapping[str, tuple[int, int]]
    """Partitions before and after, of those that had too few."""
    clocks: int
    outbox: int


async def grow(bootstrap: str, dsn: str, prefix: str = "", access: "Access | None" = None) -> Grown:
    """Do it. Raises CannotGrow before anything is changed."""
    import asyncpg
    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

    from services.cli.replay.watch import Watch, behind, consumed_topics
    from shared.events.catalog import topics

    declared = topics()
    conn: Connection = await asyncpg.connect(dsn, timeout=10, command_timeout=600)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(access or {}))
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, **(access or {}))
    try:
        await admin.start()
        await consumer.start()
        described = await admin.describe_topics([prefix + name for name in declared])
        has = {topic["topic"].removeprefix(prefix): len(topic["partitions"]) for topic in described}
        if wrong := [name for name, topic in declared.items() if not 0 < has.get(name, 0) <= topic.partitions]:
            raise CannotGrow(f"not there, or with more partitions than this build declares: {', '.join(wrong)}")
        await _refuse_while_services_run(conn)
        seen = await (await Watch(conn, declared).start()).snapshot()
        if seen.unsent:
            raise CannotGrow(f"unsent events in {', '.join(seen.unsent)}: let the services send them, then stop them")
        places = [TopicPartition(prefix + name, n) for name in declared if name != NOT_OURS for n in range(has[name])]
        ends = await consumer.end_offsets(places)
        logs = {(place.topic.removeprefix(prefix), place.partition): end for place, end in ends.items()}
        if waiting := behind(seen.stored, logs, consumed_topics(declared)):
            raise CannotGrow(f"not drained: {'; '.join(waiting[:3])} ({len(waiting)} in all)")
        few = {name: (has[name], topic.partitions) for name, topic in declared.items() if has[name] < topic.partitions}
        if few:
            answer = await admin.create_partitions(
                {prefix + name: NewPartitions(after) for name, (_, after) in few.items()}
            )
            if failed := [f"{name}: {message or code}" for name, code, message in answer.topic_errors if code]:
                raise CannotGrow(f"Kafka refuses: {'; '.join(failed)}. What it did grow stays so: run this again")
        return Grown(few, await _move_clocks(conn), await _move_outboxes(conn))
    finally:
        await consumer.stop()
        await admin.close()
        await conn.close()


async def _refuse_while_services_run(conn: "Connection") -> None:
    names = await conn.fetch(
        "select distinct application_name from pg_stat_activity"
        " where datname = current_database() and application_name = any($1) order by 1",
        [f"duban-{service}" for service in SERVICES],
    )
    if names:
        raise CannotGrow(f"stop these first: {', '.join(row['application_name'] for row in names)}")


async def _move_clocks(conn: "Connection") -> int:
    """Every clock into the lane of its matter's partition, page by page; how many moved."""
    from services.deadline.store import bucket

    moved, after = 0, ("", "")
    while page := await conn.fetch(
        "select distinct authority, matter from deadline.clocks where (authority, matter) > ($1, $2)"
        " order by 1, 2 limit $3",
        *after,
        PAGE,
    ):
        keys = [(row["authority"], row["matter"]) for row in page]
        after = keys[-1]
        done = await conn.execute(
            "update deadline.clocks c set lane = 2 * k.bucket + c.lane % 2"
            " from unnest($1::text[], $2::text[], $3::int[]) k (authority, matter, bucket)"
            " where (c.authority, c.matter) = (k.authority, k.matter) and c.lane / 2 <> k.bucket",
            [authority for authority, _ in keys],
            [matter for _, matter in keys],
            [bucket(key) for key in keys],
        )
        moved += int(done.split()[-1])
    return moved


async def _move_outboxes(conn: "Connection") -> int:
    """Rows that are kept, to be sent again if need be, into the buckets of their keys; how many moved."""
    from shared.outbox import bucket_of

    moved = 0
    for service in SERVICES:
        after = 0
        while page := await conn.fetch(
            f"select id, bucket, key from {service}.outbox where id > $1 order by id limit $2", after, PAGE
        ):
            after = page[-1]["id"]
            rows = [(row["bucket"], row["id"], new) for row in page if (new := bucket_of(row["key"])) != row["bucket"]]
            await conn.execute(
                f"update {service}.outbox o set bucket = n.new from unnest($1::int[], $2::bigint[], $3::int[])"
                " n (bucket, id, new) where o.bucket = n.bucket and o.id = n.id",
                [bucket for bucket, _, _ in rows],
                [id_ for _, id_, _ in rows],
                [new for _, _, new in rows],
            )
            moved += len(rows)
    return moved


def grow_command(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Give the topics on DUBAN_KAFKA as many partitions as this build declares. Stop the services first."""
    import asyncpg
    from aiokafka.errors import KafkaError

    from services.cli.config import settings_for
    from shared.errors import WrongEnvironment
    from shared.kafka_access import access_of

    settings = settings_for("grow")
    if settings.kafka is None or settings.postgres is None:
        typer.echo("duban grow: set DUBAN_KAFKA and DUBAN_POSTGRES: it works on a deployment that stands", err=True)
        raise typer.Exit(2)
    try:
        done = asyncio.run(grow(settings.kafka, settings.postgres, settings.topic_prefix, access_of(settings)))
    except (CannotGrow, KafkaError, OSError, WrongEnvironment, asyncpg.PostgresError) as error:
        typer.echo(f"duban grow: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
    told: dict[str, Any] = {"topics": done.topics, "clocks": done.clocks, "outbox": done.outbox}
    if as_json:
        typer.echo(json.dumps(told))
        return
    for name, (before, now) in done.topics.items():
        typer.echo(f"{name}: {before} → {now} partitions")
    typer.echo(f"{done.clocks:,} clocks and {done.outbox:,} kept events moved with their keys")
