"""The limits of due process: what the law or the rulebook gives for each duty, and which event starts and ends it.

Of the party's own limits the deadline service is the judge, by its calendar: a step is barred once it has said that the
limit is past, and never before. The limit for the decision is in months, which no calendar moves: it is counted here.

What runs from a party's own service, or ends with their own answer, is a clock of their own: `review-request:<person>`.
docs/decisions/each-party-has-clocks-of-their-own.md says why.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.accountability.rules.process_model import clock_of

PARTY_CLOCKS = frozenset({"defence", "review-request", "appeal"})
"""They only bar a party: that they run out is no overseer's fault."""
OFFICE_CLOCKS = frozenset(
    {
        "filing", "investigation", "decision", "decision-extended", "service", "review-answer", "appeal-decision",
        "appeal-decision-extended", "revocation",
    }
)  # fmt: skip
"""Duties of those who run the case; they escalate against them."""
OF_ONE_PARTY = frozenset(
    {"service", "review-request", "review-answer", "appeal", "appeal-decision", "appeal-decision-extended"}
)
"""Each party has these of their own."""


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
    *(Course("service", answered, ("answer-served", "revoked")) for answered in ("upheld", "varied")),
    Course("review-request", "served", ("review-requested", "revoked", "closed")),
    Course("review-answer", "review-requested", ANSWERED),
    Course("appeal", "answer-served", ("appeal-requested", "revoked", "closed")),
    Course("appeal-decision", "appeal-requested", (*ANSWERED, "answer-extended")),
    Course("appeal-decision-extended", "answer-extended", ANSWERED),
    Course("revocation", "revocation-proposed", ("revoked", "revocation-lapsed")),
)
"""By the kinds of process_model.Done. A withdrawn case voids all of its clocks (D17)."""


def started_by(kind: str, people: Sequence[str], appealed: Collection[str]) -> list[tuple[str, Course]]:
    """The clocks that an event of this kind about these parties starts, each with its course. Who has been answered on
    appeal has no further one."""
    return [
        (name, course)
        for course in COURSES
        if course.starts == kind
        for name in _names(course, [p for p in people if p not in appealed] if course.clock == "appeal" else people)
    ]


def running(steps: Iterable[tuple[str, str | None]], people: Sequence[str]) -> dict[str, int]:
    """The clocks that steps of these kinds have started and none has ended, in order, each with the place of the step
    that started it. A step is about the party that it names, else about all of these people."""
    found: dict[str, int] = {}
    appealed: set[str] = set()
    for place, (kind, party) in enumerate(steps):
        about = people if party is None else (party,)
        ended = {name for course in COURSES if kind in course.stops for name in _names(course, about)}
        appealed |= set(about) if kind == "appeal-requested" else set()
        begun = [name for name, _ in started_by(kind, about, appealed)]
        found = {name: since for name, since in found.items() if name not in ended and name not in begun}
        found |= dict.fromkeys(begun, place)
        if kind == "withdrawn":
            found, appealed = {}, set()
    return found


def _names(course: Course, people: Sequence[str]) -> list[str]:
    return [clock_of(course.clock, person) for person in people] if course.clock in OF_ONE_PARTY else [course.clock]


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
