"""The settings that every service has; each service's config.py adds its own and reads the environment."""

from typing import Literal

from pydantic import Field, SecretStr

from shared.security_settings import IdentitySettings, KafkaSettings


class ServiceSettings(KafkaSettings, IdentitySettings):
    """Read once from the environment (`DUBAN_…`), then frozen."""

    kafka: str = Field(description="Bootstrap server, host:port.")
    postgres: SecretStr = Field(
        description="Connection string of the database, or DUBAN_POSTGRES_FILE. Beyond loopback with"
        " ?sslmode=verify-full&sslrootcert=FILE."
    )
    clock: Literal["wall", "simulated"] = Field("wall", description="simulated: one shared row says what time it is.")
    http_host: str = Field(
        "127.0.0.1", description="Address to bind. Beyond loopback only where identities are checked."
    )
    http_port: int = Field(0, description="TCP port; 0 picks a free one.")
    topic_prefix: str = Field("", description="Before every topic and group, where deployments share a cluster.")
    kafka_idempotence: bool = Field(False, description="Idempotent producer; the embedded broker has none.")
    kafka_session_ms: int = Field(
        10_000, ge=500, description="How long a consumer may be silent before its partitions go to others. ms."
    )
    kafka_wait_ms: int = Field(50, ge=1, description="How long the broker may hold back an empty fetch. ms.")
    batch: int = Field(1000, ge=1, description="Messages or alarms in one transaction.")
    relay_lease_s: float = Field(
        10.0, gt=0, description="How long a relay that was killed keeps its partitions from the others. Seconds."
    )
    relay_batch: int = Field(500, ge=1, description="Outbox rows for each bucket in one send.")
    watch_s: float = Field(
        5.0, gt=0, le=300, description="How often the gauges are renewed that are read from the database. Seconds."
    )
    stuck_after_s: float = Field(
        60.0,
        gt=0,
        description="A process whose consumer, relay or sweep takes no step for so long ends itself. Seconds.",
    )
    outbox_keep_days: float = Field(
        30, gt=0, description="How long sent events stay in the outbox, to be sent again. Days."
    )
    i_accept_unprotected_kafka: bool = Field(
        False, description="Whoever is on the network between us and Kafka may read and write everything."
    )
    i_accept_unprotected_postgres: bool = Field(
        False, description="Whoever is on the network between us and Postgres may read and write everything."
    )
