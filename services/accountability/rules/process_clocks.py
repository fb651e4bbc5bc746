"""The limits of due process: what the law or the rulebook gives for each duty, and which event starts and ends it.

Of the party's own limits the deadline service is the judge, by its calendar: a step is barred once it has said that the
limit is past, and never before. The limit for the decision is in months, which no calendar moves: it is counted here.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PARTY_CLOCKS = frozenset({"defence", "review-request", "appeal"})
"""They only bar a party: that they run out is no overseer's fault."""
OFFICE_CLOCKS = frozenset(
    {
        "filing", "investigation", "decision", "decision-extended", "service", "review-answer", "appeal-decision",
        "appeal-decision-extended", "revocation",
    }
)  # fmt: skip
"""Duties of those who run the case; they escalate against them."""


@dataclass(frozen=True, slots=True)
class Course:
    """A clock runs from the event of one kind to the first of several."""

    clock: str
    starts: str
    stops: tuple[str, ...]


CONCLUDED = ("exempted", "decided", "referred")
ANSWERED = ("upheld", "varied", "revoked")
COURSES = (
    Course("filing", "review-begun", ("dismissed", "filed")),
    Course("investigation", "filed", ("notice-given",)),
    Course("decision", "filed", (*CONCLUDED, "decision-extended")),
    Course("decision-extended", "decision-extended", CONCLUDED),
    Course("defence", "notice-given", ("deliberation-begun",)),
    *(Course("service", concluded, ("served", "revoked")) for concluded in CONCLUDED),
    Course("review-request", "served", ("review-requested", "revoked", "closed")),
    Course("review-answer", "review-requested", ANSWERED),
    *(Course("appeal", answered, ("appeal-requested", "revoked", "closed")) for answered in ("upheld", "varied")),
    Course("appeal-decision", "appeal-requested", (*ANSWERED, "answer-extended")),
    Course("appeal-decision-extended", "answer-extended", ANSWERED),
    Course("revocation", "revocation-proposed", ("revoked", "revocation-lapsed")),
)
"""By the kinds of process_model.Done. A withdrawn case voids all of its clocks (D17)."""


def started_by(kind: str, asked: str | None) -> tuple[Course, ...]:
    """The clocks that an event of this kind starts. Who has been answered on appeal has no further one."""
    return tuple(c for c in COURSES if c.starts == kind and not (c.clock == "appeal" and asked == "appeal"))


def running(kinds: Sequence[str]) -> list[str]:
    """The clocks that events of these kinds have started and none has ended, in order."""
    found: list[str] = []
    asked: str | None = None
    for kind in kinds:
        ended = {course.clock for course in COURSES if kind in course.stops}
        asked = "appeal" if kind == "appeal-requested" else "review" if kind == "review-requested" else asked
        begun = [course.clock for course in started_by(kind, asked)]
        found = [clock for clock in found if clock not in ended and clock not in begun] + begun
        if kind == "withdrawn":
            found = []
    return found


def day_of(at: datetime, zone: str) -> date:
    """The day of an instant where the matter is."""
    return at.astimezone(ZoneInfo(zone)).date()


def months_after(day: date, amount: str) -> date:
    """R1: the corresponding day, else the month's last. Of an amount in months or natural days, not rolled."""
    count, unit = int(amount.rstrip("md")), amount.lstrip("0123456789")
    if unit == "d":
        return day + timedelta(count)
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_before(day: date, months: int) -> date:
    """The corresponding day so many months ago, else that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
