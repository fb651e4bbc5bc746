"""Pauses of a matter, and which of them a limit knows (R5, R9): from facts to stretches of time that do not count.

A pause ends with the resumption that names it; else the earliest one open of the resumption's ground; else the earliest
one open. Who decides while the clock stands still ends the pause by that. Where nothing has ended it, it is expected to
end when it was announced to, until that turns out otherwise; else it lasts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.facts import CORRECTION, RESUMPTIONS, SUSPENSIONS, Fact, Resumed, Suspended, order
from services.deadline.rules.limits import AtLongest, Limit, PauseTerms
from services.deadline.rules.points import Point, after, point_of
from services.deadline.rules.span import zone_of

ANY_GROUND = "*"
_CORRECTION_REQUESTED = Suspended(CORRECTION)
_CORRECTION_RECEIVED = Resumed(CORRECTION)


@dataclass(frozen=True, slots=True)
class Doer:
    """Whose act it is, and when they did it, as far as it is known; `evidence` by its hashes."""

    at: datetime
    unit: str | None
    person: str | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the rules forbid was asked for or done; it is on record, and what was asked for is refused."""

    code: str
    detail: str
    fact: Fact
    by: Doer | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch that does not count: by days (begin, end], by hours [begin, end). `end` None: it is open. `assumed`: no
    fact has ended it. `over` is when the clock goes on: where only the day of the end is assumed, that day does not
    count, and has to pass. `lapses` is when it exceeds its longest length, `closes` whether the clock ends by that.
    """

    begin: Point
    end: Point | None
    ground: str
    assumed: bool
    facts: tuple[Fact, ...]
    over: datetime | None = None
    lapses: datetime | None = None
    closes: bool = False

    @property
    def passed(self) -> Point | None:
        """Its end as it counts: an instant at which the clock goes on, so that nothing ends while it stands still."""
        return self.end if self.end is None or self.over is None else Point(self.over, self.end.on)

    def covers(self, at: datetime) -> bool:
        """Whether the clock stands still then."""
        return self.begin.at <= at and (self.over is None or at < self.over)


@dataclass(frozen=True, slots=True)
class Interruption:
    """A suspension with the resumption that ended it."""

    fact: Fact
    said: Suspended
    ended: Fact | None


def interruptions(facts: Sequence[Fact]) -> tuple[list[Interruption], list[Finding]]:
    """All pauses of a matter in order of their begin, and the resumptions that end none."""
    opened: list[tuple[Fact, Suspended]] = []
    ended: dict[int, Fact] = {}
    stray: list[Finding] = []
    for fact in facts:
        if fact.type in SUSPENSIONS:
            said = fact.detail if isinstance(fact.detail, Suspended) else _CORRECTION_REQUESTED
            opened.append((fact, said))
        elif fact.type in RESUMPTIONS:
            resumed = fact.detail if isinstance(fact.detail, Resumed) else _CORRECTION_RECEIVED
            which = _ended_by(resumed, opened, ended)
            if which is not None:
                ended[which] = fact
            elif fact.detail is not None:  # what was missing may come in without having been asked for
                stray.append(Finding("resume-without-pause", "no pause was open", fact))
    found = [Interruption(fact, said, ended.get(i)) for i, (fact, said) in enumerate(opened)]
    return found, stray


def _ended_by(resumed: Resumed, opened: Sequence[tuple[Fact, Suspended]], ended: dict[int, Fact]) -> int | None:
    running = [(i, said) for i, (_, said) in enumerate(opened) if i not in ended]
    if resumed.pause is not None:
        return next((i for i, said in running if said.pause == resumed.pause), None)
    if resumed.ground is not None:
        return next((i for i, said in running if said.ground == resumed.ground), None)
    return next((i for i, _ in running), None)


def pauses_of(
    limit: Limit, found: Sequence[Interruption], stop: Fact | None, calendar: Calendar, now: datetime
) -> tuple[list[Pause], list[Finding]]:
    """The pauses that this limit knows, and what is to be said of the others."""
    if not limit.pauses or not found:
        return [], []
    zone = zone_of(limit.zone)
    pauses: list[Pause] = []
    findings: list[Finding] = []
    times: Counter[str] = Counter()
    for each in found:
        if stop is not None and order(each.fact) > order(stop):
            continue
        ground = each.said.ground
        terms = _terms(limit, ground)
        if terms is None:
            if ground != CORRECTION:
                findings.append(Finding("pause-ground-unknown", f"{ground} does not pause this limit", each.fact))
            continue
        times[ground] += 1
        if terms.times is not None and times[ground] > terms.times:
            code = "repeated-correction-notice" if ground == CORRECTION else "pause-too-often"
            findings.append(Finding(code, f"{ground} may pause this limit {terms.times} times", each.fact))
            continue
        pause = _pause(each, terms, stop, calendar, zone)
        pauses.append(pause)
        if pause.lapses is not None and pause.lapses <= now and not pause.closes:
            findings.append(
                Finding("pause-over-longest", f"{ground} has lasted longer than {terms.longest}", each.fact)
            )
    return pauses, findings


def _terms(limit: Limit, ground: str) -> PauseTerms | None:
    exact = next((terms for terms in limit.pauses if terms.ground == ground), None)
    return exact or next((terms for terms in limit.pauses if terms.ground == ANY_GROUND), None)


def _pause(each: Interruption, terms: PauseTerms, stop: Fact | None, calendar: Calendar, zone: ZoneInfo) -> Pause:
    begin = _point(each.fact)
    end, assumed = None, False
    if each.ended is not None:
        end = _point(each.ended)
    elif each.said.expected is not None:
        end, assumed = after(begin, each.said.expected, calendar, zone), True
    elif each.said.until is not None:
        end, assumed = point_of(each.said.until, zone), True
    by = each.ended
    if stop is not None and begin.at <= stop.occurred and (end is None or stop.occurred < end.at):
        end, assumed, by = _point(stop), False, stop
    lapses = None
    if terms.longest is not None:
        longest = after(begin, terms.longest, calendar, zone)
        if end is None or longest.over(zone) < (end.over(zone) if assumed else end.at):
            if terms.then is AtLongest.RESUME:
                end, assumed, by = longest, True, None
            else:
                lapses = longest.over(zone)
    facts = (each.fact,) if by is None else (each.fact, by)
    over = None if end is None else end.over(zone) if assumed else end.at
    if over is not None and over < begin.at:
        end, over = begin, begin.at
    return Pause(begin, end, each.said.ground, assumed, facts, over, lapses, terms.then is AtLongest.CLOSE)


def _point(fact: Fact) -> Point:
    return Point(fact.occurred, fact.on)
