"""Settings of the accountability service: the only place that reads its environment."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "rulebook" / "default.yaml"


class Settings(ServiceSettings):
    """As every service's, and where the rulebook is."""

    rulebook: Path = Field(SHIPPED, description="The rulebook's file (YAML).")
    record_key: Path | None = Field(
        None, description="Ed25519 private key that signs the record's heads (PEM). Without it no head is made."
    )
    record_every_s: float = Field(5.0, gt=0, le=60, description="How often the record is sealed. Seconds.")
    record_head_s: float = Field(
        60.0, gt=0, description="How often a head over the record is made, where it has grown. Seconds."
    )
    record_retention_years: int = Field(
        10, ge=10, description="How long texts are kept before they may be erased without a ground (R31). Years."
    )
    answers_keep_days: float = Field(
        30, ge=1, description="How long a request with an Idempotency-Key is answered as it was before. Days."
    )
    evidence_directory: Path | None = Field(
        None, description="Where the content of evidence is kept, backed up on its own. Without it: in Postgres."
    )
    evidence_most_bytes: int = Field(
        20_000_000, ge=1024, le=1_000_000_000, description="The largest file that is taken as evidence. Bytes."
    )
