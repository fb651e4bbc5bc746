"""A real Apache Kafka that asks everybody who they are (SASL_SSL, SCRAM), and intake on it, from submission to fact."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.cli.providers.apache import PROPERTIES, completed, free_but, installed_jars, java, new_cluster_id
from services.cli.providers.process import Child, Run, run
from services.cli.providers.waiting import start_on_a_free_port
from services.cli.topics import ensure_topics
from services.intake.config import Settings
from services.intake.main import MIGRATIONS, build
from shared.events.envelope import STRUCTURED
from shared.inbox import TOKEN
from shared.kafka_access import Access, access_of
from shared.postgres import migrate
from shared.runtime import serve
from tests.conftest import IN_CI
from tests.support.certificates import Authority
from tests.support.identity import Issuer
from tests.support.intake_submissions import new_key, registration
from tests.support.intake_world import StandingClock
from tests.support.waiting import until

USER, LIMIT_S = "duban", 240.0
OWN: dict[str, Any] = {"authorities": ["licheng"], "sources": ["/quanzhou/licheng"]}


@dataclass(frozen=True)
class Secured:
    """A broker, and how it is reached."""

    address: str
    settings: dict[str, Any]

    @property
    def access(self) -> Access:
        return access_of(Settings(kafka=self.address, postgres="p", **self.settings))


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    directory = tmp_path_factory.mktemp("certificates")
    if shutil.which("java") is None and not IN_CI:
        pytest.skip("no Java: Apache Kafka with SASL_SSL and SCRAM was not tried")
    async with run() as current, secured_kafka(current, Authority(directory), directory) as opened:
        yield opened


@asynccontextmanager
async def secured_kafka(run: Run, authority: Authority, directory: Path) -> AsyncIterator[Secured]:
    """One node; its users are made when its log directory is formatted."""
    jars, home, cluster, password = (
        await installed_jars(run),
        run.directory / "kafka",
        new_cluster_id(),
        secrets.token_hex(),
    )
    home.mkdir(mode=0o700)
    issued = authority.issue("broker")
    bundle = directory / "broker-bundle.pem"
    bundle.write_bytes(issued.key.read_bytes() + issued.cert.read_bytes())
    login = f'username="{USER}" password="{password}"'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"

    def properties(port: int, controller: int) -> Path:
        file = home / "server.properties"
        content = PROPERTIES | {
            "listeners": f"SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"SASL_SSL://127.0.0.1:{port}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{scram} {login};",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(bundle),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(authority.file),
            "log.dirs": str(home / "log"),
        }
        file.write_text("".join(f"{name}={value}\n" for name, value in content.items()))
        return file

    user = f"SCRAM-SHA-512=[name={USER},password={password}]"
    tool = java(jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", properties(9, 8), "--add-scram", user)
    await completed(run, "kafka-format", tool, cwd=home)

    def start(port: int) -> Child:
        return run.start("kafka", java(jars, "kafka.Kafka", properties(port, free_but(port))), cwd=home)

    settings = {
        "kafka_security": "SASL_SSL", "kafka_username": USER, "kafka_password": password,
        "kafka_ca": authority.file, "kafka_idempotence": True, "kafka_session_ms": 3000,
    }  # fmt: skip

    async def answers(port: int) -> bool:
        found = Secured(f"127.0.0.1:{port}", settings)
        probe = AIOKafkaProducer(bootstrap_servers=found.address, request_timeout_ms=3000, **found.access)
        try:
            await probe.start()
        except KafkaError:
            return False
        finally:
            await probe.stop()
        return True

    yield Secured(f"127.0.0.1:{await start_on_a_free_port(run, start, answers, LIMIT_S)}", settings)


async def test_intake_consumes_and_publishes_where_the_broker_asks_who_it_is(
    broker: Secured, database: str, tmp_path: Path
) -> None:
    """Topics are made, submissions consumed and facts published as the user that the settings name; and because the
    broker dates what it takes, a token counts by that."""
    issuer, prefix = Issuer(tmp_path), "s-"
    await ensure_topics(broker.address, prefix, access=broker.access)
    await migrate(database, "intake", MIGRATIONS)
    told = broker.settings | issuer.settings | {"postgres": database, "topic_prefix": prefix, "require_tokens": True}
    settings = Settings(kafka=broker.address, **told)
    app, stopping = await build(settings, StandingClock()), asyncio.Event()
    served = asyncio.create_task(serve(app, stopping))
    own, bare = registration(new_key()), registration(new_key())
    try:
        await send(broker, f"{prefix}submissions", own, issuer.token("publisher", **OWN))
        await send(broker, f"{prefix}submissions", bare, None)
        await until(lambda: app.relay.sent >= 2, LIMIT_S)
    finally:
        stopping.set()
        await served
    (fact,), (refused,) = [await read(broker, prefix + topic) for topic in ("matter-events", "rejections")]
    assert fact["submission"]["id"] == own["id"]
    assert (refused["event"]["id"], refused["reasons"][0]["code"]) == (bare["id"], "token-required")


async def test_the_broker_dates_submissions_and_says_so(broker: Secured) -> None:
    await ensure_topics(broker.address, "t-", access=broker.access)
    await send(broker, "t-submissions", {}, None, timestamp_ms=1)
    (record,) = await records(broker, "t-submissions")
    assert (record.timestamp_type, record.timestamp > 1_000_000) == (1, True)


@pytest.mark.parametrize("change", [{"kafka_password": "wrong"}, {"kafka_mechanism": "PLAIN"}, {"kafka_ca": None}])
async def test_whoever_does_not_say_rightly_who_it_is_gets_nothing(broker: Secured, change: dict[str, Any]) -> None:
    wrong = Secured(broker.address, broker.settings | change)
    producer = AIOKafkaProducer(bootstrap_servers=wrong.address, **wrong.access)
    with pytest.raises(KafkaConnectionError):
        await producer.start()
    await producer.stop()


async def test_another_authority_s_broker_is_not_believed(broker: Secured, tmp_path: Path) -> None:
    stranger = Secured(broker.address, broker.settings | {"kafka_ca": Authority(tmp_path, "stranger").file})
    producer = AIOKafkaProducer(bootstrap_servers=stranger.address, **stranger.access)
    with pytest.raises(KafkaConnectionError):
        await producer.start()
    await producer.stop()


async def send(
    broker: Secured, topic: str, content: dict[str, Any], token: str | None, timestamp_ms: int | None = None
) -> None:
    headers = [("content-type", STRUCTURED.encode()), *([(TOKEN, token.encode())] if token else [])]
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, acks="all", **broker.access)
    await producer.start()
    try:
        await producer.send_and_wait(topic, orjson.dumps(content), headers=headers, timestamp_ms=timestamp_ms)
    finally:
        await producer.stop()


async def records(broker: Secured, topic: str) -> list[Any]:
    """The first messages of a topic, as soon as there is one."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.address, auto_offset_reset="earliest", **broker.access)
    await consumer.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                polled = await consumer.getmany(timeout_ms=500)
                if found := [record for each in polled.values() for record in each]:
                    return found
    finally:
        await consumer.stop()


async def read(broker: Secured, topic: str) -> list[Any]:
    return [orjson.loads(record.value) for record in await records(broker, topic)]
