"""Judges a run: what stands on the final topics against what should have come of what was acknowledged.

Counts **missed** (should have been found or escalated, and was not), **early** (said before its instant by the
reference clock), **duplicate** (twice what may happen once, or two bodies under one id), **wrong person**, **lost**
(acknowledged without its effect, or a gap in what was said), **unexplained** (said, and nothing that was sent accounts
for it). The same event delivered again, byte for byte, is no fault: it is counted apart.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from tests.crash.collect import Event
from tests.crash.expected import Expected, World, kind_of_name
from tests.crash.office import micros

COUNTS = ("missed", "early", "duplicate", "wrong person", "lost", "unexplained")
EXAMPLES = 8
HOUR = 3_600_000_000
RUNGS = {1: HOUR, 2: 2 * HOUR}
"""When a case that nobody answers reaches them: of the leader in charge, then of the principal leader."""
MOVES = ("deadline.rescheduled", "deadline.warned")
"""Said beside a verdict that stands."""
LATE, STANDS = ("deadline.missed", "deadline.stopped_late"), ("case.opened", "case.reinstated")
ENDS = {"missed": "deadline.missed", "late": "deadline.stopped_late", "met": "deadline.met", "void": "deadline.voided"}
ROLES = ("direct", "leading", "principal")


@dataclass
class Verdict:
    """The six counts, examples of each, and what is only counted."""

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTS, 0)))
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    noted: Counter[str] = field(default_factory=Counter)

    def blame(self, count: str, what: str) -> None:
        self.counts[count] += 1
        if len(self.examples[count]) < EXAMPLES:
            self.examples[count].append(what)

    @property
    def clean(self) -> bool:
        return not any(self.counts[name] for name in COUNTS)

    def __str__(self) -> str:
        return ", ".join(f"{name} {self.counts[name]}" for name in COUNTS)


class _Said(NamedTuple):
    """What matters of an event of a case: `sent` by the machine's clock, `at` by its own word in µs."""

    revision: int
    type: str
    sent: float
    at: int
    named: tuple[str | None, ...] | None
    addressee: str | None
    rung: int
    miss: str | None

    @classmethod
    def of(cls, event: Event) -> "_Said":
        data = event.data
        persons = {each["role"]: each.get("person") for each in data.get("responsible", ())}
        named = tuple(persons.get(role) for role in ROLES) if "responsible" in data else None
        addressee, rung, miss = data.get("addressee", {}).get("person"), data.get("rung", 0), data.get("miss", {})
        at = micros(data["occurred_at"])
        return cls(event.revision, event.type, event.at, at, named, addressee, rung, miss.get("id"))


@dataclass(slots=True)
class _Case:
    """What was said of one case."""

    matter: str
    late_from: int
    said: list[_Said] = field(default_factory=list)


@dataclass
class Oracle:
    """Sees every event once (`see`), then judges (`verdict`). `jumps`: (when by the machine's clock, seconds since
    1970; by how many seconds time was moved on from then)."""

    world: World
    jumps: Sequence[tuple[float, float]] = ()
    escalates: bool = False
    found: Verdict = field(default_factory=Verdict)
    _seen: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _taken: dict[str, str] = field(default_factory=dict)
    _clocks: dict[tuple[str, str], list[tuple[int, str, int]]] = field(default_factory=lambda: defaultdict(list))
    _cases: dict[str, _Case] = field(default_factory=dict)
    _cards: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _of_matter: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _refused: set[str | None] = field(default_factory=set)
    _misses: set[str] = field(default_factory=set)

    def see(self, event: Event) -> None:
        """Take note of one message."""
        digest = blake2b(event.raw + event.key.encode() + event.type.encode(), digest_size=12).digest()
        before = self._seen.setdefault((event.source, event.id), digest)
        if before is not digest:
            if before == digest:
                self.found.noted["delivered again"] += 1
            else:
                self.found.blame("duplicate", f"two bodies under {event.id} ({event.type} of {event.key})")
            return
        self.found.noted[event.topic] += 1
        match event.topic:
            case "matter-events" | "directory-events":
                self._see_fact(event)
            case "deadline-events":
                self._see_clock(event)
            case "case-events":
                self._see_case(event)
            case "rejections":
                self._see_refusal(event)

    def _reference(self, at: float) -> int:
        """The time by which an instant was allowed to be spoken of, in µs; a timestamp is cut to the millisecond."""
        return round((at + 0.001 + sum(by for when, by in self.jumps if at >= when)) * 1e6)

    def _see_fact(self, event: Event) -> None:
        submission = event.data["submission"]["id"]
        if submission not in self.world.ids:
            self.found.blame("unexplained", f"{event.type} of {event.key}: nobody sent {submission}")
        if submission in self._taken:
            self.found.blame("duplicate", f"submission {submission} became two events")
        self._taken[submission] = event.id

    def _see_refusal(self, event: Event) -> None:
        id = event.data.get("event", {}).get("id")
        self._refused.add(id)
        if id not in self.world.wrong:
            count = "lost" if id in self.world.ids else "unexplained"
            self.found.blame(count, f"{id} was refused: {event.data['reasons']}")

    def _see_clock(self, event: Event) -> None:
        data = event.data
        late_from = micros(data["late_from"]) if "late_from" in data else 0
        self._clocks[event.key, f"{data['clock']} {data['subject']}"].append((event.revision, event.type, late_from))
        if event.type == "deadline.missed":
            self._misses.add(event.id)
            if self._reference(event.at) < late_from:
                self.found.blame("early", f"{event.key} {data['clock']} missed {event.at} before {data['late_from']}")
        if data["subject"]:
            return
        if late_from and late_from - 1 not in self.world.dues(event.key):
            self.found.blame("unexplained", f"{event.type} of {event.key}: no such due as {data['due']} was stated")
        if event.type == "deadline.warned":
            warns = self.world.warns_from(event.key, late_from)
            if warns is None or self._reference(event.at) < warns:
                self.found.blame("early", f"{event.key} warned of {data['due']} at {event.at}")
        for fact in data.get("facts", ()):
            if fact["id"] not in self.world.ids:
                self.found.blame("unexplained", f"{event.type} of {event.key} rests on {fact['id']}")

    def _see_case(self, event: Event) -> None:
        if event.type.startswith("card."):
            self._see_card(event)
            return
        data, id = event.data, event.data["case_id"]
        if event.type == "case.opened":
            late_from = micros(data["late_from"])
            if self._reference(event.at) < late_from:
                self.found.blame("early", f"case of {event.key} opened {event.at} before {data['late_from']}")
            self._case(event.key, id).late_from = late_from
        self._case(event.key, id).said.append(_Said.of(event))

    def _see_card(self, event: Event) -> None:
        """A card's events have no gap; one for a limit that has passed is not there before."""
        data = event.data
        self._cards[data["card_id"]].append(event.revision)
        late = event.type == "card.issued" and data["level"] in ("yellow", "red")
        if late and self._reference(event.at) < micros(data["late_from"]):
            self.found.blame("early", f"a {data['level']} card of {event.key} issued {event.at}")

    def _case(self, matter: str, id: str) -> _Case:
        self._of_matter[matter].add(id)
        return self._cases.setdefault(id, _Case(matter, 0))

    def verdict(self) -> Verdict:
        """Everything was seen."""
        for id in self.world.ids - self._taken.keys():
            self.found.blame("lost", f"submission {id} was acknowledged and is on no topic")
        for id in self.world.wrong - self._refused:
            self.found.blame("lost", f"submission {id} was acknowledged, could not enter and was not refused")
        for (matter, clock), said in self._clocks.items():
            said.sort()
            self._unbroken(f"{matter} {clock}", [revision for revision, *_ in said])
        for id, revisions in self._cards.items():
            self._unbroken(f"card {id}", sorted(revisions))
        for id, case in self._cases.items():
            self._judge_case(id, case)
        for matter in self.world.matters:
            expected = self.world.expect(matter)
            if expected is None:
                self.found.noted["never registered"] += 1
                continue
            self.found.noted[f"expected {expected.outcome}"] += 1
            self._judge(matter, expected)
        for matter in self._of_matter.keys() - self.world.matters.keys():
            self.found.blame("unexplained", f"a case of {matter}, of which nothing was sent")
        return self.found

    def _unbroken(self, what: str, revisions: Sequence[int]) -> None:
        if len(set(revisions)) < len(revisions):
            self.found.blame("duplicate", f"{what}: two events say to be the same revision")
        elif revisions[-1] != len(revisions):
            self.found.blame("lost", f"{what}: {len(revisions)} events up to revision {revisions[-1]}")

    def _judge(self, matter: str, expected: Expected) -> None:
        said = self._clocks.get((matter, "recorded "), [])
        verdicts = [type_ for _, type_, _ in said if type_ not in MOVES]
        last = verdicts[-1] if verdicts else None
        if last != ENDS[expected.outcome]:
            count = "missed" if expected.missed and last not in LATE else "lost"
            self.found.blame(count, f"{matter}: {expected.outcome} expected, the last that was said is {last}")
        standing = [self._cases[id] for id in self._of_matter.get(matter, ()) if _stands(self._cases[id])]
        right = [case for case in standing if expected.missed and case.late_from == expected.late_from]
        for case in standing:
            if case not in right:
                self.found.blame("unexplained", f"a case of {matter} stands, {expected.outcome} was expected")
        if expected.missed and not right:
            self.found.blame("missed", f"{matter}: {expected.outcome}, and no case stands")
        if len(right) > 1:
            self.found.blame("duplicate", f"{matter}: {len(right)} cases stand for one miss")
        for case in right:
            self._judge_persons(matter, case, expected)

    def _judge_persons(self, matter: str, case: _Case, expected: Expected) -> None:
        named = next((said.named for said in reversed(case.said) if said.named is not None), None)
        if named != expected.persons:
            self.found.blame("wrong person", f"{matter}: {named} named, {expected.persons} held the roles")
        self.found.noted["standing at the end"] += 1
        self.found.noted.update(f"named: {kind_of_name(person)}" for person in expected.persons)
        climbed = [said for said in _standing(case) if said.type == "case.escalated"]
        for rung in RUNGS if self.escalates else ():
            times = sum(said.rung == rung for said in climbed)
            self.found.noted[f"of them reached rung {rung} once"] += times == 1
            if not times:
                self.found.blame("missed", f"{matter}: its case was not answered and did not reach rung {rung}")
        for said in climbed:
            holder = next((person for person in expected.persons[said.rung :] if person), None)  # a vacancy goes up
            if said.addressee != holder:
                self.found.blame("wrong person", f"{matter}: escalated to {said.addressee}, not {holder}")

    def _judge_case(self, id: str, case: _Case) -> None:
        case.said.sort(key=lambda said: said.revision)
        self._unbroken(f"case {id}", [said.revision for said in case.said])
        opened = [said for said in case.said if said.type == "case.opened"]
        if len(opened) != 1 or case.said[0].type != "case.opened":
            self.found.blame("duplicate" if opened else "lost", f"case {id} was opened {len(opened)} times")
        rungs: Counter[int] = Counter()
        since = 0
        for said in case.said:
            if said.type in STANDS:
                rungs.clear()
                since = said.at
                if said.miss not in self._misses:
                    self.found.blame("unexplained", f"case {id} stands for the miss {said.miss}: unheard of")
            if said.type == "case.withdrawn":
                self.found.noted["cases withdrawn"] += 1
                since = 0
            if said.type == "case.escalated":
                self.found.noted["escalated"] += 1
                rungs[said.rung] += 1
                if rungs[said.rung] > 1:
                    self.found.blame("duplicate", f"case {id} reached rung {said.rung} twice")
                if not since:
                    self.found.blame("unexplained", f"case {id} was escalated while it was withdrawn")
                elif self._reference(said.sent) < since + RUNGS.get(said.rung, 0):
                    self.found.blame("early", f"case {id} reached rung {said.rung} at {said.sent}, before its time")
        same = [i for i in self._of_matter[case.matter] if self._cases[i].late_from == case.late_from]
        if len(same) > 1 and id == min(same):
            self.found.blame("duplicate", f"{len(same)} cases of {case.matter} for one miss")


def _stands(case: _Case) -> bool:
    states = [said.type for said in case.said if said.type in (*STANDS, "case.withdrawn")]
    return bool(states) and states[-1] in STANDS


def _standing(case: _Case) -> list[_Said]:
    """What was said since the case stands as it does now."""
    last = max(n for n, said in enumerate(case.said) if said.type in STANDS)
    return case.said[last:]
