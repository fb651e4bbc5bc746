"""Settings of the deadline service: the only place that reads its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """As every service's, and how often to look for alarms."""

    deadline_poll_s: float = Field(
        0.2, gt=0, le=60, description="Longest sleep of the sweep: the net under lost wake-ups. Seconds."
    )
    recalculation_batch: int = Field(
        5000, ge=1, le=10_000, description="Clocks counted again in one step when a calendar changes."
    )
    recalculation_poll_s: float = Field(
        0.5, gt=0, le=60, description="How often to look whether a calendar has changed. Seconds."
    )
