"""What every operator watches in every service: is all sent, is all consumed. Meaning and remedy are in the texts."""

from prometheus_client import Counter, Gauge

OLDEST_UNSENT = Gauge(
    "duban_outbox_oldest_unsent_seconds",
    "Age of the oldest event that is committed and not on Kafka. Growing: the broker is away or refuses us (see"
    " relay_retrying in the log), or no relay runs. Every replica shows the same: take the maximum.",
    ["service"],
)
QUARANTINED = Counter(
    "duban_outbox_quarantined_total",
    "Events that the broker refuses for good and that were set aside, so that others go on. Any: nobody has received"
    " them. See the table outbox where quarantined_at is not null; raise the limit that quarantine_reason names, then"
    " set both columns to null: they are sent.",
    ["service"],
)
DEAD_LETTERS = Counter(
    "duban_consumer_dead_letters_total",
    "Messages that could not be processed, by topic. Any: its effect is missing. See the table dead_letters and the"
    " topic <service>-dlq: the bytes are there, and the reason.",
    ["service", "topic"],
)
STOPPED_PARTITIONS = Gauge(
    "duban_consumer_stopped_partitions",
    "Partitions that wait for a newer build (D16): events of a version that this one does not know. Above 0: deploy"
    " this service; nothing is lost meanwhile. /readyz names them.",
    ["service"],
)
MESSAGES = Counter(
    "duban_consumer_messages_total",
    "Messages consumed, by topic; dead letters are not among them. Flat while the group's lag grows: see batch_failed"
    " and consumer_reconnecting in the log, and locks in Postgres.",
    ["service", "topic"],
)
