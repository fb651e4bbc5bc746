"""Every metric of the deadline service, with what it means and what to do about it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

from services.deadline.rules.change import Change
from services.deadline.rules.stored import Stored
from shared.events.deadline import DEADLINE_EVENTS

OPEN_STATES = ("not_started", "running", "paused", "warned", "missed")
"""Of clocks that are not over; a missed one is past its due and still not done."""
CHANGE_TYPES = tuple(event.TYPE for event in DEADLINE_EVENTS)
_ALL_ALIKE = " Every replica shows the same: take the maximum."
_AGAIN = " Counted when decided: a batch that is rolled back and retried counts again."

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
    " Rises: correct the catalogue or the calendar; the log names the matters (limit_cannot_be_counted).",
)
UNCOUNTABLE_CLOCKS = Gauge(
    "duban_deadline_uncountable_clocks",
    "Clocks whose limit cannot be counted now. Above 0: as duban_deadline_uncountable_limits_total; a later fact of the"
    " matter counts again." + _ALL_ALIKE,
)
PROVISIONAL_CLOCKS = Gauge(
    "duban_deadline_provisional_clocks",
    "Running clocks that reach into a year whose official calendar is not published (R3): their dues may move. Above 0"
    " from about November: enter the notice when it appears." + _ALL_ALIKE,
)
OPEN_CLOCKS = Gauge(
    "duban_deadline_open_clocks",
    "Clocks that are not over, by state (not_started, running, paused, warned, missed: past its due and not done)."
    " missed grows: matters are late; none running while intake accepts registrations: see the consumer's lag."
    + _ALL_ALIKE,
    ["state"],
)
DUE_ALARMS = Gauge(
    "duban_deadline_due_alarms",
    "Alarms that have come and are not fired, counted up to 100,000. High for seconds at a close of business: the storm"
    " is being worked off; longer: see duban_deadline_oldest_due_alarm_seconds." + _ALL_ALIKE,
)
OLDEST_DUE_ALARM = Gauge(
    "duban_deadline_oldest_due_alarm_seconds",
    "How long the oldest alarm that has come waits to be fired, in business time. Growing: no sweep runs, a matter is"
    " locked, or a partition is not read to its end (nothing is missed there until it is): see sweep_retrying in the"
    " log and the consumer's lag." + _ALL_ALIKE,
)
UNCONFIRMED_MISSES = Gauge(
    "duban_deadline_unconfirmed_misses",
    "Clocks that are late, of which nobody is named because their source has not said that all up to then is sent (D8)."
    " Above 0: that publisher is behind; GET /v1/deadlines?unconfirmed=true lists them." + _ALL_ALIKE,
)
UNCONFIRMED_ALARMS = Gauge(
    "duban_deadline_unconfirmed_alarms",
    "Warnings and misses whose instant has come, that no feed has confirmed yet (D8), counted up to 100,000: nobody is"
    " named for them. Above 0: a publisher's feed is behind; see duban_intake_silent_sources." + _ALL_ALIKE,
)
CALENDARS_PUBLISHED = Counter(
    "duban_deadline_calendars_published_total",
    "Versions of calendars received on calendar-events, duplicates included.",
)
RECALCULATED = Counter(
    "duban_deadline_recalculated_clocks_total",
    "Clocks folded again because their calendar changed; a clock that is found twice counts twice.",
)
RECALCULATION_FAILURES = Counter(
    "duban_deadline_recalculation_failures_total",
    "Matters that could not be folded again and were left out. Rises: the log names why (recalculation_failed); their"
    " dues are those of the former calendar until a fact folds them.",
)
OLDEST_RECALCULATION = Gauge(
    "duban_deadline_oldest_recalculation_seconds",
    "How long the oldest recalculation that is not finished has been under way, in business time; 0: none is. Nothing"
    " is fired for the clocks it has not come to. Longer than minutes: see recalculation_retrying in the log, and for"
    " transactions that do not end." + _ALL_ALIKE,
)
RECALCULATED_NOW = Gauge(
    "duban_deadline_recalculation_folded",
    "Clocks that the recalculations under way have folded so far." + _ALL_ALIKE,
)
CERTAIN_UNTIL = Gauge(
    "duban_deadline_calendar_certain_days",
    "For how many days from now on each calendar in force is official (R3); negative: this year's notice is missing."
    " Below 30: ask for the notice and publish it (`duban calendar publish`)." + _ALL_ALIKE,
    ["code"],
)
FINDINGS = Counter(
    "duban_deadline_findings_total",
    "Findings on record, by code: what an item's rules do not allow was asked for or done. One code rises: a publisher"
    " or an office has a habit, or the catalogue is stricter than the law; the events deadline.finding name the"
    " matters." + _AGAIN,
    ["code"],
)
CHANGES = Counter("duban_deadline_clock_changes_total", "Events published about clocks, by type." + _AGAIN, ["type"])
LATENESS = Histogram(
    "duban_deadline_decided_lateness_seconds",
    "From the first instant at which a clock is late to the decision that it is missed, in business time, by what"
    " decided it. sweep: the service was there and waited for the instant; high: it was down or behind, see"
    " duban_deadline_oldest_due_alarm_seconds. facts: a late or corrected fact showed it; high is how late publishers"
    " are." + _AGAIN,
    ["by"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86_400),
)
SWEEP_SECONDS = Histogram(
    "duban_deadline_sweep_batch_seconds",
    "One batch of due alarms, claimed to committed; batches without any are left out. Rises: look for locks and for the"
    " plan of claim_due_matters.",
)
SWEEP_CLOCKS = Histogram(
    "duban_deadline_sweep_batch_clocks",
    "Alarms in one batch of the sweep. Often at DUBAN_BATCH: a storm; start more replicas where it lasts.",
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
)
FIRED = Counter("duban_deadline_alarms_fired_total", "Alarms fired by the sweep.")

_BY_TYPE = {type_: CHANGES.labels(type_) for type_ in CHANGE_TYPES}
_BY = {"sweep": LATENESS.labels("sweep"), "facts": LATENESS.labels("facts")}


def count(changes: Iterable[Change], row: Stored, now: datetime, by: Literal["sweep", "facts"]) -> None:
    """The published changes of one clock, decided at `now`."""
    for change in changes:
        _BY_TYPE[change.type].inc()
        if change.type == "deadline.finding":
            FINDINGS.labels(change.says["code"]).inc()
        if change.type == "deadline.missed" and row.late_from is not None:
            _BY[by].observe((now - row.late_from).total_seconds())
