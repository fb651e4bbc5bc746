"""The command's settings; the only reader of the environment in it."""

import os

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the command takes from the environment; options on the command line come first."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", frozen=True, extra="ignore")

    kafka: str | None = None
    """host:port of a Kafka that runs already; None: start one."""
    postgres: str | None = Field(None, repr=False)
    """DSN of a Postgres that runs already; None: start one."""
    topic_prefix: str = ""
    """Before every topic and group, where deployments share a cluster."""
    intake_url: str | None = None
    """Address of the intake service; None: that of the `duban up` or `duban demo` which runs here."""
    deadline_url: str | None = None
    """Address of the deadline service, likewise."""
    accountability_url: str | None = None
    """Address of the accountability service, likewise."""
    notification_url: str | None = None
    """Address of the notification service, likewise."""


def inherited_environment() -> dict[str, str]:
    """What a started service inherits: everything; its own settings are added."""
    return dict(os.environ)
