"""Every metric of notification: what it means, and what to do about it. Ids are never labels, and kinds are types of
our own contract. Counted after the commit unless the help says otherwise.
"""

from prometheus_client import Counter, Gauge

NOTICES = Counter(
    "duban_notification_notices_total",
    "Notices to people, by the type of event told about and by outcome (sent, suppressed, failed). failed: every post"
    " that the notice could reach is vacant; enter the holders (GET /v1/notices?state=failed lists them).",
    ["kind", "outcome"],
)
GATHERED = Counter(
    "duban_notification_gathered_notices_total",
    "Notices to people that a digest tells of, because more came to one person in a window than are told one by one."
    " Growing fast: a storm; see what was missed, and raise DUBAN_NOTIFICATION_DIGEST_AFTER if people want each.",
)
DELIVERIES = Counter(
    "duban_notification_deliveries_total",
    "Webhook deliveries that ended, by outcome (sent, suppressed, failed). failed: see GET /v1/deliveries?state=failed"
    " and tell the subscriber.",
    ["outcome"],
)
ATTEMPTS = Counter(
    "duban_notification_attempts_total",
    "Calls of webhooks, by outcome. Many timeout or unreachable: a receiver is down; blocked: its name resolves to an"
    " address that may not be called.",
    ["outcome"],
)
OLDEST_PENDING = Gauge(
    "duban_notification_oldest_pending_delivery_seconds",
    "How long the oldest due delivery has been waiting. Growing: a receiver is down or too slow (see attempts), or the"
    " sender does not keep up: start another replica.",
)
SKIPPED = Counter(
    "duban_notification_skipped_events_total",
    "Events of types that this build does not know, passed over. Growing: producers are newer, deploy this service."
    " Counted when read: a batch that is rolled back and retried counts again.",
)


def count(channel: str, kind: str, outcome: str) -> None:
    """One notice or delivery that ended. Kinds are the types of our own contract."""
    if channel == "webhook":
        DELIVERIES.labels(outcome).inc()
    else:
        NOTICES.labels(kind, outcome).inc()


for _outcome in ("sent", "suppressed", "failed"):  # an alert on a counter's rise misses one that begins with 1
    DELIVERIES.labels(_outcome)
    for _kind in (
        *(f"case.{what}" for what in ("opened", "escalated", "reinstated", "withdrawn", "revised", "exonerated")),
        "deadline.warned",
    ):
        NOTICES.labels(_kind, _outcome)
