"""The settings of notification; the only reader of its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """`DUBAN_…`, and what only this service has: `DUBAN_NOTIFICATION_…`."""

    notification_allow_private_webhooks: bool = Field(
        False, description="Let webhooks go to http and to private addresses: for tests and closed networks only."
    )
    notification_webhook_attempts: int = Field(16, ge=1, description="Attempts until a delivery is given up.")
    notification_webhook_backoff_s: float = Field(
        5.0, ge=0, description="Seconds before the first retry; each further one waits about twice as long."
    )
    notification_webhook_backoff_cap_s: float = Field(21_600.0, ge=0, description="Longest wait for a retry, seconds.")
    notification_webhook_timeout_s: float = Field(10.0, gt=0, description="Seconds in which a receiver must answer.")
    notification_webhook_batch: int = Field(100, ge=1, description="Calls under way at once.")
    notification_webhook_poll_s: float = Field(1.0, gt=0, description="Seconds between looks for due deliveries.")
    notification_digest_after: int = Field(
        50,
        ge=1,
        description="Notices to one person in a window that are told one by one; one digest tells of the rest.",
    )
    notification_digest_window_s: float = Field(
        3600.0, ge=1, description="Length of that window, by business time. Seconds."
    )
