"""Intake's settings: the only place that reads the environment."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from services.intake.rules.judge import Margins
from services.intake.rules.silence import Patience
from shared.settings import ServiceSettings

DEFAULT = Path(__file__).resolve().parents[2] / "deploy" / "catalogue" / "default.yaml"


class Settings(ServiceSettings):
    """`DUBAN_INTAKE_…` for what only intake has, `DUBAN_…` for what all services have."""

    model_config = SettingsConfigDict(populate_by_name=True)

    catalogues: Annotated[tuple[Path, ...], NoDecode] = Field(
        (DEFAULT,),
        validation_alias="DUBAN_INTAKE_CATALOGUES",
        description="Catalogue files, separated by a comma or the system's path separator; later ones add items.",
    )
    require_tokens: bool | None = Field(
        None,
        validation_alias="DUBAN_INTAKE_REQUIRE_TOKENS",
        description="Refuse messages on Kafka without their publisher's token. Unset: as soon as anybody beyond this"
        " machine may send.",
    )
    calendar: str = Field(
        "CN",
        validation_alias="DUBAN_INTAKE_CALENDAR",
        description="Calendar of a due that is recorded without naming an item.",
    )
    ahead_s: int = Field(
        300,
        ge=0,
        validation_alias="DUBAN_INTAKE_AHEAD_S",
        description="Seconds a fact, or the time of its sending, may lie ahead of the clock.",
    )
    holders_ahead_days: int = Field(
        730,
        ge=0,
        validation_alias="DUBAN_INTAKE_HOLDERS_AHEAD_DAYS",
        description="Days a change of office may lie ahead of the clock.",
    )

    silent_after_s: int = Field(
        3600,
        ge=1,
        validation_alias="DUBAN_INTAKE_SILENT_AFTER_S",
        description="Seconds for which no publisher counts as silent, however often it sends.",
    )
    gone_after_days: int = Field(
        30,
        ge=1,
        validation_alias="DUBAN_INTAKE_GONE_AFTER_DAYS",
        description="Days after which a silent publisher is taken for gone and no longer missed.",
    )

    @field_validator("catalogues", mode="before")
    @classmethod
    def _paths(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in re.split(f"[,{re.escape(os.pathsep)}]", value) if part.strip())
        return value

    @property
    def margins(self) -> Margins:
        """How far ahead of the clock facts may lie."""
        return Margins(timedelta(seconds=self.ahead_s), timedelta(days=self.holders_ahead_days))

    @property
    def patience(self) -> Patience:
        """When a publisher that stopped sending is missed, and for how long."""
        return Patience(timedelta(seconds=self.silent_after_s), timedelta(days=self.gone_after_days))
