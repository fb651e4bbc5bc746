"""Every metric of the deadline service, with what it means and what to do about it."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from services.deadline.rules.change import Change

FACTS = Counter(
    "duban_deadline_facts_total", "Facts received, duplicates included. Flat while publishers send: see intake."
)
SKIPPED = Counter(
    "duban_deadline_skipped_events_total",
    "Events of a type this build does not know (D16). Rises: a producer is newer; deploy this service.",
)
UNCOUNTABLE = Counter(
    "duban_deadline_uncountable_limits_total",
    "Limits that cannot be counted: an unknown calendar, a year without data. Nobody is held to them."
    " Rises: correct the catalogue or the calendar; the log names the matters.",
)
CHANGES = Counter("duban_deadline_clock_changes_total", "Events published about clocks, by type.", ["type"])
SWEEP_SECONDS = Histogram(
    "duban_deadline_sweep_batch_seconds",
    "One batch of due alarms, claimed to committed. Rises: look for locks and for the plan of claim_due_clocks.",
)
FIRED = Counter("duban_deadline_alarms_fired_total", "Alarms fired by the sweep.")


def count(changes: Iterable[Change]) -> None:
    """Count published changes by type."""
    for change in changes:
        CHANGES.labels(change.type).inc()
