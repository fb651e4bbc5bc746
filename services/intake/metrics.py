"""Intake's metrics. Counted when a batch is judged: a transaction that is tried again counts its events again."""

from prometheus_client import Counter, Histogram

ACCEPTED = Counter(
    "duban_intake_accepted_total",
    "Submissions accepted, by type. Flat while publishers send: look at rejections and at the consumer's lag.",
    ["type"],
)
DUPLICATES = Counter(
    "duban_intake_duplicates_total",
    "Submissions that were known already. Harmless; many of them: a publisher does not take our answers.",
    ["transport"],
)
REJECTED = Counter(
    "duban_intake_rejected_total",
    "Reasons for refusals, by code and transport. A rise: tell the publisher; the topic rejections says what.",
    ["code", "transport"],
)
BATCH_SECONDS = Histogram(
    "duban_intake_batch_seconds",
    "From a batch's first statement to its last, without the commit. Rising: look at locks and at Postgres' disk.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
