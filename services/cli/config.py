"""The command's settings; the only reader of the environment in it."""

import os
import re
from typing import ClassVar

import typer
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsError

from shared.security_settings import KafkaSettings

_PLACE = r"(\[[0-9a-fA-F:.]+\]|[^\s:/@,?]+)"
_KAFKA = re.compile(rf"{_PLACE}:\d{{1,5}}(,{_PLACE}:\d{{1,5}})*")
_DSN = re.compile(rf"postgres(ql)?://([^/?]*@)?({_PLACE}?(:\d{{1,5}})?)(,{_PLACE}(:\d{{1,5}})?)*([/?].*)?")


class Settings(KafkaSettings):
    """What the command takes from the environment; options on the command line come first."""

    FROM_FILES: ClassVar[frozenset[str]] = KafkaSettings.FROM_FILES | {"token", "publisher_token"}

    kafka: str | None = None
    """host:port of a Kafka that runs already; None: start one."""
    postgres: str | None = Field(None, repr=False)
    """DSN of a Postgres that runs already; None: start one."""
    topic_prefix: str = ""
    """Before every topic and group, where deployments share a cluster."""
    deadline_url: str | None = None
    """Address of the deadline service; None: that of the `duban up` or `duban demo` which runs here."""
    intake_url: str | None = None
    """Address of intake, likewise."""
    accountability_url: str | None = None
    """Address of the accountability service, likewise."""
    token: SecretStr | None = None
    """Whose answers `duban explain` and `duban case` get; None: that of the stack which runs here."""
    publisher_token: SecretStr | None = None
    """Sent with every event of a replay, where the intake that takes them asks for it."""

    @field_validator("kafka")
    @classmethod
    def _is_a_bootstrap(cls, value: str | None) -> str | None:
        if value is not None and not _KAFKA.fullmatch(value):
            raise ValueError("is not host:port")
        return value

    @field_validator("postgres")
    @classmethod
    def _is_a_dsn(cls, value: str | None) -> str | None:
        if value is not None and not _DSN.fullmatch(value):
            raise ValueError("is not a DSN such as postgresql://user:password@host:5432/database")
        return value


def settings_for(command: str) -> Settings:
    """The settings; where one cannot be meant, say which on standard error and exit with 2. No value is shown."""
    try:
        return Settings()
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False, include_context=False):
            variable = f"DUBAN_{str(found['loc'][0]).upper()} " if found["loc"] else ""
            typer.echo(f"duban {command}: {variable}{found['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None
    except SettingsError as error:
        typer.echo(f"duban {command}: {error}", err=True)
        raise typer.Exit(2) from None


def names_a_provider() -> bool:
    """Whether the environment says whose tokens count."""
    return bool(os.environ.get("DUBAN_IDENTITY_JWKS"))


def inherited_environment() -> dict[str, str]:
    """What a started service inherits: everything; its own settings are added."""
    return dict(os.environ)
