"""The course of a limit: its plain count, moved by pauses and extensions in the order in which they happened (R6, R9).

    nominal ──pause begun before it is late──► moved by what lies within the pause
            ──extension granted──────────────► moved by its amount
            ──roll, end of day───────────────► late_from

A pause takes its days (begin, end] out of the count: the day on which it begins counts, the day on which it ends does
not. Time of pauses that overlap is taken out once. What begins when it is late already changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start, count_one, first_counts, variants
from services.deadline.rules.extensions import Granted, judged
from services.deadline.rules.facts import Fact, order
from services.deadline.rules.limits import Limit
from services.deadline.rules.pauses import Finding, Pause
from services.deadline.rules.tracks import DayTrack, TimeTrack


@dataclass(frozen=True, slots=True)
class Halt:
    """A pause that moved the due. `added` is what it took out of the count: days in the limit's unit, or time."""

    pause: Pause
    added: int | timedelta


@dataclass(frozen=True, slots=True)
class Course:
    """How a limit ran. `due` is None while a pause is open; that pause is `open`."""

    due: Due | None
    open: Pause | None = None
    halts: tuple[Halt, ...] = ()
    granted: tuple[Granted, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Those that moved the due, in order."""
        if not self.halts and not self.granted and self.open is None:
            return ()
        found = [fact for halt in self.halts for fact in halt.pause.facts]
        found += [granted.fact for granted in self.granted]
        return tuple(sorted(found + list(self.open.facts if self.open is not None else ()), key=order))


def course(
    limit: Limit, start: Start, pauses: Sequence[Pause], extensions: Sequence[Fact], calendar: Calendar
) -> Course:
    """The course of a limit that these pauses and requests for extension meet. Raises as `count` does."""
    ran = [_run(each, start, pauses, extensions, calendar) for each in variants(limit)]
    if len(ran) == 1:
        return ran[0]
    first, second = ran
    if first.due is None or second.due is None:
        return first if first.due is None else second
    if first_counts(limit, first.due.late_from, second.due.late_from):
        return first
    return replace(second, due=replace(second.due, chosen=True))


def _run(limit: Limit, start: Start, pauses: Sequence[Pause], extensions: Sequence[Fact], calendar: Calendar) -> Course:
    due = count_one(limit, start, calendar)
    if not pauses and not extensions:
        return Course(due)
    track: DayTrack | TimeTrack
    if due.nominal_on is not None:
        track = DayTrack(limit, due, due.nominal_on, calendar)
    else:
        track = TimeTrack(limit, start, due, calendar)
    halts: list[Halt] = []
    granted: list[Granted] = []
    findings: list[Finding] = []
    for change in _in_order(pauses, extensions):
        if isinstance(change, Fact):
            said = judged(limit, change, track.due, track.nominal, track.unextended, granted, calendar)
            if isinstance(said, Finding):
                findings.append(said)
            elif said is not None:
                granted.append(said)
                track.extend(said.to)
        elif change.begin.at < track.due.late_from:
            if change.passed is None:
                return Course(None, change, tuple(halts), tuple(granted), tuple(findings))
            halts.append(Halt(change, track.pause(change.begin, change.passed)))
    return Course(track.due, None, tuple(halts), tuple(granted), tuple(findings))


def _in_order(pauses: Sequence[Pause], extensions: Sequence[Fact]) -> Iterator[Pause | Fact]:
    """By the order of the facts (D4)."""
    both: list[tuple[Fact, Pause | Fact]] = [(pause.facts[0], pause) for pause in pauses]
    both += [(fact, fact) for fact in extensions]
    return (change for _, change in sorted(both, key=lambda each: order(each[0])))
