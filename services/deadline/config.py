"""Settings of the deadline service: the only place that reads its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """As every service's, and how often to look for alarms."""

    deadline_poll_s: float = Field(
        0.1, gt=0, le=60, description="Longest sleep of the sweep between two looks. Seconds."
    )
    deadline_simulated_poll_s: float = Field(
        0.01, gt=0, le=60, description="The same on a simulated clock, which moves without telling. Seconds."
    )
