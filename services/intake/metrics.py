"""Intake's metrics. Label values are of closed sets: types and codes are those of our own contract."""

from prometheus_client import Counter, Histogram

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
