"""What the generator will say and when: matters with a stated due, and what happens in them.

A pure function of the seed. What should come of it is not said here: the oracle says that, from what was acknowledged.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime
from random import Random

from tests.crash.organisation import AUTHORITIES, UNITS, organisation
from tests.crash.writing import SOURCE, Planned, Writer

ZONE = "Asia/Shanghai"
EARLY_S = 5.0
"""No fact of a matter is sent longer before its registration than this."""
COURSES = (
    ("never", 30), ("in time", 20), ("late", 12), ("in time, reported late", 10), ("extended", 8), ("shortened", 4),
    ("reopened", 6), ("withdrawn", 4), ("corrected", 6), ("retracted", 3), ("at the very due", 2), ("just late", 2),
)  # fmt: skip
NO_TYPE = "matter.mislaid"
"""Nobody knows such a fact: it must be refused aloud, and take nothing else with it."""
MISLAID = 0.01
HANDED_OVER = 0.35


def matter(seed: int, number: int, registered: float, begun: datetime) -> list[Planned]:
    """One matter, registered at that second of the run."""
    random = Random(f"matter {seed} {number}")
    authority, unit = random.choice(AUTHORITIES), random.choice(UNITS)
    w = Writer(random, begun, f"{authority}/m{number}", f"m{number}")
    due = registered + random.uniform(5, 30)
    if random.random() < 0.3:
        due = float(-(-due // 10) * 10)  # with many others in the same second
    hands = {} if random.random() < 0.5 else {"person": f"clerk-{random.randrange(500)}"}
    item = random.choice(("plain", "warned"))
    sent = registered + (random.expovariate(1 / 8) if random.random() < 0.1 else random.uniform(0, 0.5))
    w.fact("matter.submitted", registered, sent, item=item, unit=unit, due=w.instant(due), **hands)
    _happen(w, random.choices([c for c, _ in COURSES], [n for _, n in COURSES])[0], registered, due)
    if random.random() < HANDED_OVER:
        for _ in range(random.choice((1, 1, 2, 3))):
            at = random.uniform(registered + 0.1, due + 8)
            late = at + random.uniform(5, 30) if random.random() < 0.3 else None
            where = {"unit": random.choice(UNITS)} if random.random() < 0.4 else {}
            person = {"person": f"clerk-{random.randrange(500)}"} if not where or random.random() < 0.7 else {}
            w.fact(random.choice(("matter.assigned", "matter.transferred")), at, late, **where, **person)
    if random.random() < MISLAID:
        w.plans.append(Planned(sent, f"m{number}.mislaid", False, w.event(f"m{number}.mislaid", NO_TYPE, sent, {})))
    floor = sent - EARLY_S
    return [p if p.at >= floor else Planned(floor, p.id, p.http, p.event) for p in w.plans]


def _happen(w: Writer, course: str, registered: float, due: float) -> None:
    random = w.random
    before = random.uniform(registered + 0.5, due - 0.2)
    after = due + random.uniform(0.1, 20)
    match course:
        case "in time":
            w.fact("matter.closed", before)
        case "late":
            w.fact("matter.closed", after)
        case "in time, reported late":
            w.fact("matter.closed", before, due + random.uniform(3, 30))
        case "at the very due":
            w.fact("matter.closed", due)
        case "just late":
            w.fact("matter.closed", due + 1e-6)
        case "extended" | "shortened":
            _move_due(w, course, registered, due, before)
        case "reopened":
            w.fact("matter.closed", before)
            again = random.uniform(before, due + 10)
            w.fact("matter.reopened", again)
            if random.random() < 0.5:
                w.fact("matter.closed", again + random.uniform(0.5, 20))
        case "withdrawn":
            w.fact("matter.withdrawn", random.choice((before, after)))
        case "corrected":
            wrong, right = random.sample((before, after), 2)
            id = w.fact("matter.closed", wrong)
            for when in random.choice(((right,), (wrong, right), (right, wrong))):
                _correct(w, id, when, max(wrong, due) + random.uniform(1, 15))
        case "retracted":
            id = w.fact("matter.closed", before)
            said = max(before, due + random.uniform(-10, 20)) + 1
            w.say("fact.retracted", said, {"replaces": {"source": SOURCE, "id": id}})


def _move_due(w: Writer, course: str, registered: float, due: float, before: float) -> None:
    random = w.random
    later = due + random.uniform(5, 25)
    moved = later if course == "extended" else random.uniform(before, due)
    reported = None if random.random() < 0.6 else due + random.uniform(1, 20)
    w.fact("limits.changed", before, reported, due=w.instant(moved), zone=ZONE)
    match random.randrange(3):
        case 0:
            w.fact("matter.closed", random.uniform(before, moved))
        case 1:
            w.fact("matter.closed", moved + random.uniform(0.1, 15))


def _correct(w: Writer, id: str, when: float, sent: float) -> None:
    fact = {"type": "matter.closed", "data": {"occurred_at": w.instant(when)}}
    w.say("fact.corrected", sent, {"replaces": {"source": SOURCE, "id": id}, "fact": fact})


def plan(seed: int, deadlines: int, span_s: float, begun: datetime) -> Iterator[Planned]:
    """All of a run in order of sending, made as it is read."""
    heap = organisation(seed, span_s + 60, begun)
    heapq.heapify(heap)
    for number in range(deadlines):
        registered = span_s * number / deadlines
        while heap and heap[0].at < registered - EARLY_S:
            yield heapq.heappop(heap)
        for planned in matter(seed, number, registered, begun):
            heapq.heappush(heap, planned)
    while heap:
        yield heapq.heappop(heap)
