"""Every metric of the accountability service, with what it means and what to do about it."""

from prometheus_client import Counter, Gauge

_AGAIN = " Counted when decided: a batch that is rolled back and retried counts again."

CHANGES = Counter(
    "duban_accountability_case_changes_total",
    "What happened to cases. Many withdrawn: facts reach intake late; look at whose." + _AGAIN,
    ["kind"],
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
SKIPPED = Counter(
    "duban_accountability_skipped_events_total",
    "Events of a type this build does not know (D16). Rises: a producer is newer; deploy this service." + _AGAIN,
)
IGNORED = Counter(
    "duban_accountability_ignored_verdicts_total",
    "Events of the deadline service that changed nothing. older: duplicates and reordering, expected after restarts;"
    " former-standing: a rung's miss that a reinstatement overtook; no-such-rung: a clock that no ladder has, report"
    " it." + _AGAIN,
    ["why"],
)
