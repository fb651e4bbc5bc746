"""Every metric of the accountability service, with what it means and what to do about it."""

from collections import Counter as Count
from collections.abc import Iterable
from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram

from services.accountability.rules.cards import CardChange
from services.accountability.rules.case import Happened, Opened

PROMPT = timedelta(minutes=1)
_AGAIN = " Counted when decided: a batch that is rolled back and retried counts again."

CHANGES = Counter(
    "duban_accountability_case_changes_total",
    "What happened to cases. Many withdrawn: facts reach intake late; look at whose." + _AGAIN,
    ["kind"],
)
LATENESS = Histogram(
    "duban_accountability_case_lateness_seconds",
    "From the first instant at which a deadline is late to its case, in business time. promptly: the miss was decided"
    " within a minute; high: deadline's outbox, Kafka or our consumer is behind, see their ages. late: it was not,"
    " see duban_deadline_decided_lateness_seconds." + _AGAIN,
    ["decided"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86_400),
)
LAST_RUNG = Gauge(
    "duban_accountability_last_rung_cases",
    "Standing cases at the last rung of their ladder without an answer. Above 0: nobody is left to escalate to (D17);"
    " an operator calls the office (GET /v1/cases?at_last_rung=true).",
)
VACANCIES = Counter(
    "duban_accountability_vacancies_total",
    "Roles that nobody held at a due instant. Rises: the directory lacks holders for posts; send holder.assigned."
    + _AGAIN,
    ["role"],
)
CONFLICTS = Gauge(
    "duban_accountability_directory_conflicts",
    "Facts of the directory that do not fit each other: two holders of one post, units below themselves … Above 0: a"
    " rule says which counts, and it may be the wrong one; see GET /v1/directory/conflicts and send the fact that"
    " corrects it.",
)
SKIPPED = Counter(
    "duban_accountability_skipped_events_total",
    "Events of a type this build does not know (D16). Rises: a producer is newer; deploy this service." + _AGAIN,
)
WORDS_AGE = Gauge(
    "duban_accountability_oldest_uncarded_word_age_seconds",
    "Since when something that was said of a limit is in no card. Up to a minute in a storm, when cards wait for cases."
    " Higher: nobody issues cards; see the service's log and /livez.",
)
WORDS_ASIDE = Gauge(
    "duban_accountability_words_set_aside",
    "Rows of told_words of which no card could be made. Above 0: report the log's `cards_failed`; set set_aside_at and"
    " reason to null to try again.",
)
IGNORED = Counter(
    "duban_accountability_ignored_verdicts_total",
    "Events of the deadline service that changed nothing. told-before: a duty's miss that came again; nobody-s-duty: a"
    " limit that bars a party only. older: duplicates and reordering, expected after restarts;"
    " taken-up: a rung of a case that was filed before; former-standing: a rung's miss that a reinstatement"
    " overtook; no-such-rung: a clock that no ladder has, report it." + _AGAIN,
    ["why"],
)
OVERDUE_DUTIES = Counter(
    "duban_accountability_overdue_duties_total",
    "Duties of overseers, and of those who must rectify, that passed undone, by clock as `kind`. Rises: cases lie with"
    " the efficiency office; see case.overseer_late in their histories." + _AGAIN,
    ["kind"],
)
CARDS = Counter(
    "duban_accountability_card_changes_total",
    "Cards, by level as `kind` (R21): issued, told again or revoked. Many revoked: facts reach intake late; see whose."
    + _AGAIN,
    ["kind", "outcome"],
)

SEALED = Counter(
    "duban_accountability_sealed_rows_total",
    "Rows that were sealed into the chains of the record, by kind." + _AGAIN,
    ["kind"],
)
UNSEALED = Gauge(
    "duban_accountability_unsealed_rows",
    "Rows of the record that are in no chain yet, about 10,000 of each table at most. Grows: see the age beside it.",
)
UNSEALED_AGE = Gauge(
    "duban_accountability_unsealed_age_seconds",
    "Since when something may wait to be sealed. Grows: the sealer stands, or a transaction stays open somewhere in the"
    " cluster (pg_stat_activity, oldest xact_start); what is not sealed can be altered without a trace.",
)
HEAD_AGE = Gauge(
    "duban_accountability_head_age_seconds",
    "Since when a chain has grown beyond the last signed head, 0 where none has. Grows: set DUBAN_RECORD_KEY, or the"
    " sealer stands; what no head covers can be cut off without a trace.",
)


def count_cards(changes: Iterable[CardChange]) -> None:
    """What became of cards."""
    counts = Count(
        (c.card.level, "revoked" if not c.card.standing else "issued" if c.before is None else "told again")
        for c in changes
    )
    for (level, change), count in counts.items():
        CARDS.labels(level, change).inc(count)


def time(happened: Iterable[Happened]) -> None:
    """How late the cases among it were opened."""
    for each in happened:
        if isinstance(each, Opened):
            prompt = each.case.detected_at - each.case.late_from < PROMPT
            LATENESS.labels("promptly" if prompt else "late").observe((each.at - each.case.late_from).total_seconds())


for _role in ("direct", "leading", "principal"):  # an alert on a counter's rise misses one that begins with 1
    VACANCIES.labels(_role)
