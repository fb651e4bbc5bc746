"""Settings of the accountability service: the only place that reads its environment."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "rulebook" / "default.yaml"


class Settings(ServiceSettings):
    """As every service's, and where the rulebook is."""

    rulebook: Path = Field(SHIPPED, description="The rulebook's file (YAML).")
