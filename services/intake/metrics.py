"""Intake's metrics. Label values are of closed sets: types and codes are those of our own contract."""

from prometheus_client import Counter, Gauge, Histogram

from shared.events.catalog import EVENTS

_AGAIN = " Counted when a batch is judged: a transaction that is tried again counts its events again."

ACCEPTED = Counter(
    "duban_intake_accepted_total",
    "Submissions accepted, by type. Flat while publishers send: look at rejections and at the consumer's lag." + _AGAIN,
    ["type"],
)
DUPLICATES = Counter(
    "duban_intake_duplicates_total",
    "Submissions that were known already. Harmless; many of them: a publisher does not take our answers." + _AGAIN,
    ["transport"],
)
REJECTED = Counter(
    "duban_intake_rejected_total",
    "Reasons for refusals, by code and transport. A rise: tell the publisher; the topic rejections says what." + _AGAIN,
    ["code", "transport"],
)
BATCH_SECONDS = Histogram(
    "duban_intake_batch_seconds",
    "From a batch's first statement to its last, without the commit. Rising: look at locks and at Postgres' disk.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SILENT_SOURCES = Gauge(
    "duban_intake_silent_sources",
    "Publishers that used to send and have been quiet for longer than twice their usual gap, for 30 days at most. Above"
    " 0: GET /v1/sources?state=silent names them (source_silent in the log too); ask the publisher, and until it sends"
    " again what it says is late. Every replica shows the same: take the maximum.",
)

for _event in EVENTS["submissions"]:  # an alert on a counter's rise misses one that begins with 1
    ACCEPTED.labels(_event.TYPE)
