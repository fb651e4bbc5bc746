"""What every operator watches in every service: is all sent, is all consumed, do the clocks agree. Meaning and remedy
are in the texts. Gauges from the database are kept by shared.watch, so a scrape asks no database.
"""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge

DEAD = ("unreadable", "contradictory", "failed")
"""Why a message is dead: it is no event of its topic; a rule refuses it for good; it failed each time it was tried."""
_ALL_ALIKE = " Every replica shows the same: take the maximum."

OLDEST_UNSENT = Gauge(
    "duban_outbox_oldest_unsent_seconds",
    "Age of the oldest event that is committed and not on Kafka. Growing: the broker is away or refuses us (see"
    " relay_retrying in the log), or no relay runs." + _ALL_ALIKE,
    ["service"],
)
UNSENT = Gauge(
    "duban_outbox_unsent_events",
    "Events that are committed and not on Kafka, counted up to 10,000 for each partition. High while the oldest is"
    " young: a storm is being sent; high while it ages: see duban_outbox_oldest_unsent_seconds." + _ALL_ALIKE,
    ["service"],
)
SENT = Counter(
    "duban_outbox_sent_total",
    "Events that Kafka acknowledged. Flat while events are unsent: see relay_retrying in the log.",
    ["service"],
)
QUARANTINED = Counter(
    "duban_outbox_quarantined_total",
    "Events that the broker refuses for good and that were set aside, so that others go on. Rises: see"
    " duban_outbox_quarantined_events.",
    ["service"],
)
SET_ASIDE = Gauge(
    "duban_outbox_quarantined_events",
    "Events that are set aside now. Above 0: nobody has received them. See the table outbox where quarantined_at is not"
    " null; raise the limit that quarantine_reason names, then set both columns to null: they are sent." + _ALL_ALIKE,
    ["service"],
)
DEAD_LETTERS = Counter(
    "duban_consumer_dead_letters_total",
    "Messages that could not be processed, by topic and reason (unreadable, contradictory, failed). Any: its effect is"
    " missing. See the table dead_letters and the topic <service>-dlq: the bytes are there, and the reason in words.",
    ["service", "topic", "reason"],
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
LAG = Gauge(
    "duban_consumer_lag_messages",
    "Messages of a partition that this replica owns and has not processed, by the end that Kafka's last answer named."
    " Growing: more comes in than goes through, add replicas up to the number of partitions; standing still above 0:"
    " see duban_consumer_progress_age_seconds. Not moved while the partition is stopped.",
    ["service", "topic", "partition"],
)
PROGRESS_AGE = Gauge(
    "duban_consumer_progress_age_seconds",
    "Since when this replica has neither processed anything of a partition that it owns nor found it read to its end."
    " Growing: a message or the database holds it up, see message_retrying and batch_failed in the log.",
    ["service", "topic", "partition"],
)
POLL_AGE = Gauge(
    "duban_consumer_poll_age_seconds",
    "Since when the consumer has neither asked Kafka for messages nor tried one again. Growing: one batch takes that"
    " long; after 60 s /livez fails and the process is started again.",
    ["service"],
)
OWNED = Gauge(
    "duban_consumer_owned_partitions",
    "Partitions that this replica reads. The sum over the replicas below duban_consumer_topic_partitions for longer"
    " than a rebalance takes: some partitions are read by nobody; restart the replicas that own none.",
    ["service"],
)
TOPIC_PARTITIONS = Gauge(
    "duban_consumer_topic_partitions",
    "Partitions of all topics that the service consumes, as Kafka tells." + _ALL_ALIKE,
    ["service"],
)
DIFFERING_MIGRATIONS = Gauge(
    "duban_schema_differing_migrations",
    "Migrations that the database has and this build does not know, or the reverse. Above 0 during a deployment: as"
    " it should be. Later: this replica is of an older build, deploy it; or the database was restored from before a"
    " migration, run `duban migrate`.",
    ["service"],
)
WALL_OFFSET = Gauge(
    "duban_clock_wall_offset_seconds",
    "How far the wall clock has moved against the monotonic one since the process began. A jump: somebody set the"
    " machine's clock; nothing fires early or twice, but see that NTP runs.",
    ["service"],
)
DATABASE_AHEAD = Gauge(
    "duban_clock_database_ahead_seconds",
    "How far the database's clock is ahead of this machine's. Decisions go by the earlier of both: beyond a second or"
    " two they are late by that much; see NTP on both machines.",
    ["service"],
)
WATCH_AGE = Gauge(
    "duban_watch_age_seconds",
    "How old the gauges are that are read from the database. Growing: Postgres is away or does not answer in time (see"
    " watch_retrying in the log), and those gauges show the past.",
    ["service"],
)


def expect(service: str, topics: Sequence[str]) -> None:
    """Show what was not counted yet as 0: an alert on a counter's rise misses one that begins with 1."""
    QUARANTINED.labels(service)
    SENT.labels(service)
    for topic in topics:
        MESSAGES.labels(service, topic)
        for reason in DEAD:
            DEAD_LETTERS.labels(service, topic, reason)
