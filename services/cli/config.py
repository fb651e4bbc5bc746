"""The command's settings; the only reader of the environment in it."""

import os
import re

import typer
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PLACE = r"(\[[0-9a-fA-F:.]+\]|[^\s:/@,?]+)"
_KAFKA = re.compile(rf"{_PLACE}:\d{{1,5}}(,{_PLACE}:\d{{1,5}})*")
_DSN = re.compile(rf"postgres(ql)?://([^/?]*@)?({_PLACE}?(:\d{{1,5}})?)(,{_PLACE}(:\d{{1,5}})?)*([/?].*)?")


class Settings(BaseSettings):
    """What the command takes from the environment; options on the command line come first."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka: str | None = None
    """host:port of a Kafka that runs already; None: start one."""
    postgres: str | None = Field(None, repr=False)
    """DSN of a Postgres that runs already; None: start one."""
    topic_prefix: str = ""
    """Before every topic and group, where deployments share a cluster."""
    deadline_url: str | None = None
    """Address of the deadline service; None: that of the `duban up` or `duban demo` which runs here."""
    accountability_url: str | None = None
    """Address of the accountability service, likewise."""

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
            variable = f"DUBAN_{str(found['loc'][0]).upper()}"
            typer.echo(f"duban {command}: {variable} {found['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


def inherited_environment() -> dict[str, str]:
    """What a started service inherits: everything; its own settings are added."""
    return dict(os.environ)
