"""`duban topics`: the declared topics, created where they are missing and checked where they exist.

The files in shared/events/topics are authoritative. A topic with another number of partitions is never altered: keys
would move between partitions, and outbox buckets would no longer be partitions (D14).
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

    from shared.events.catalog import Topic
    from shared.kafka_access import Access

DAY_MS = 86_400_000
LISTED_WITHIN_S = 10.0


class TopicMismatch(RuntimeError):
    """A topic is not as declared; the message says which and how."""


async def ensure_topics(
    bootstrap: str, prefix: str = "", *, replication: int = 1, access: "Access | None" = None
) -> list[str]:
    """Create the topics that are missing, check those that exist; the names of the new ones. Raises TopicMismatch."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic
    from aiokafka.errors import TopicAlreadyExistsError, for_code

    from shared.events.catalog import topics as declared

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(access or {}))
    await admin.start()
    try:
        wanted = {prefix + name: topic for name, topic in declared().items()}
        existing = await _partitions(admin, wanted)
        _compare(existing, wanted)
        missing = [name for name in wanted if name not in existing]
        if missing:
            answer = await admin.create_topics(
                [
                    NewTopic(name, wanted[name].partitions, replication, topic_configs=_configuration(wanted[name]))
                    for name in missing
                ]
            )
            there = {name for name, code, *_ in answer.topic_errors if for_code(code) is TopicAlreadyExistsError}
            for name, code, *message in answer.topic_errors:
                if code and name not in there:
                    raise TopicMismatch(
                        f"{name} cannot be created: {for_code(code).__name__} {' '.join(map(str, message))}"
                    )
            if there:  # somebody makes them at the same time; a broker lists a new one a moment later
                async with asyncio.timeout(LISTED_WITHIN_S):
                    while not there <= (existing := await _partitions(admin, wanted)).keys():  # noqa: ASYNC110 - it tells nobody
                        await asyncio.sleep(0.1)
                _compare(existing, wanted)
        return missing
    finally:
        await admin.close()


def _compare(existing: Mapping[str, int], wanted: Mapping[str, "Topic"]) -> None:
    wrong = [
        f"{name} has {existing[name]} partitions, {topic.partitions} are declared"
        for name, topic in wanted.items()
        if name in existing and existing[name] != topic.partitions
    ]
    if wrong:
        raise TopicMismatch("; ".join(wrong))


async def _partitions(admin: "AIOKafkaAdminClient", wanted: Mapping[str, "Topic"]) -> dict[str, int]:
    """How many partitions each of the wanted topics that exist has. A question about one topic does not create it."""
    existing = set(await admin.list_topics()) & set(wanted)
    described = await admin.describe_topics(sorted(existing)) if existing else []
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


def _configuration(topic: "Topic") -> dict[str, str]:
    retention = -1 if topic.retention_days is None else topic.retention_days * DAY_MS
    dated = {"message.timestamp.type": "LogAppendTime"} if topic.broker_timestamps else {}
    kept = {"cleanup.policy": "compact"} if topic.compacted else {}
    return {"retention.ms": str(retention), "max.message.bytes": str(topic.max_message_bytes), **dated, **kept}


def topics(
    listing: Annotated[bool, typer.Option("--list", help="Only show what is declared.")] = False,
    replication: Annotated[int, typer.Option(help="Copies of each new topic.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Create the topics that are missing on DUBAN_KAFKA, and check the others."""
    if listing:
        _list(as_json)
        return
    from aiokafka.errors import KafkaError

    from services.cli.config import settings_for
    from shared.errors import WrongEnvironment
    from shared.kafka_access import access_of

    settings = settings_for("topics")
    if settings.kafka is None:
        typer.echo("duban topics: DUBAN_KAFKA is not set: say where the Kafka is, as host:port", err=True)
        raise typer.Exit(2)
    try:
        new = asyncio.run(
            ensure_topics(settings.kafka, settings.topic_prefix, replication=replication, access=access_of(settings))
        )
    except (TopicMismatch, KafkaError, OSError, WrongEnvironment) as error:
        typer.echo(f"duban topics: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"created": new}))
        return
    for name in new:
        typer.echo(f"created {name}")
    typer.echo("all other topics were there already, as declared" if new else "all topics are there, as declared")


def _list(as_json: bool) -> None:
    from shared.events.catalog import topics as declared

    found = declared()
    if as_json:
        typer.echo(json.dumps([topic.model_dump(mode="json") for topic in found.values()], ensure_ascii=False))
        return
    width = max(map(len, found))
    for name, topic in found.items():
        kept = "kept for ever" if topic.retention_days is None else f"kept {topic.retention_days} days"
        typer.echo(
            f"{name:{width}}  {topic.partitions} partitions, {kept}; key: {topic.key}; {topic.description.strip()}"
        )
