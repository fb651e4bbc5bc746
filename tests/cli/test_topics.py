"""`duban topics` and `duban migrate`: made where missing, checked where there, and harmless when run again."""

import json
from urllib.parse import urlsplit

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.migrate import SERVICES, migrate_all
from services.cli.providers import Infrastructure
from services.cli.topics import TopicMismatch, ensure_topics
from shared.events.catalog import topics


async def test_missing_topics_are_made_once(infrastructure: Infrastructure, database: str) -> None:
    prefix = f"{urlsplit(database).path[1:]}-"
    assert await ensure_topics(infrastructure.kafka, prefix) == [prefix + name for name in topics()]
    assert await ensure_topics(infrastructure.kafka, prefix) == []


async def test_a_topic_with_other_partitions_is_refused(infrastructure: Infrastructure, database: str) -> None:
    prefix = f"{urlsplit(database).path[1:]}-"
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{prefix}submissions", 2, 1)])
    finally:
        await admin.close()
    with pytest.raises(TopicMismatch, match="submissions has 2 partitions, 6 are declared"):
        await ensure_topics(infrastructure.kafka, prefix)


async def test_every_schema_is_migrated_once(database: str) -> None:
    first = await migrate_all(database)
    assert set(first) == set(SERVICES)
    assert all(first.values())
    assert await migrate_all(database) == {name: [] for name in SERVICES}


def test_the_declared_topics_are_listed() -> None:
    found = CliRunner().invoke(app, ["topics", "--list", "--json"])
    assert found.exit_code == 0
    assert {topic["name"] for topic in json.loads(found.stdout)} == set(topics())
    assert "case-events" in CliRunner().invoke(app, ["topics", "--list"]).stdout


@pytest.mark.parametrize(("command", "setting"), [("topics", "DUBAN_KAFKA"), ("migrate", "DUBAN_POSTGRES")])
def test_without_an_address_there_is_nothing_to_do(command: str, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(setting, raising=False)
    found = CliRunner().invoke(app, [command])
    assert (found.exit_code, f"{setting} is not set" in found.stderr) == (2, True)
