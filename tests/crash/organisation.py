"""Who holds which post, who acts, who is away and which unit stands under which, all the time, and said in any order.

Of each role there is one post in a unit, and no two facts of an entry are of one instant: no rule of choice is needed
to say who was right. What happens may be announced ahead or learned of long after, when cases stand already.
"""

from datetime import datetime
from random import Random
from typing import Any

from tests.crash.writing import SOURCE, Planned, Writer

AUTHORITIES = tuple(f"city-{n}" for n in range(4))
UNITS = tuple(f"unit-{n}" for n in range(4))
HOLDS_S = 40.0
"""How long a post is held by the same person, on average."""
MOVES_S = 90.0
"""How long a unit stands where it stands."""
POSTS: tuple[tuple[str | None, str], ...] = (
    *((unit, role) for unit in UNITS for role in ("direct", "leading")),
    (UNITS[0], "principal"), (None, "leading"), (None, "principal"),
)  # fmt: skip
NEVER_HELD = 0.15
VACATED = {"direct": 0.2, "leading": 0.45, "principal": 0.2}
"""How many tenures are followed by nobody for a while: then the units above answer, and at last the whole authority."""
ACTED_FOR, AWAY, TAKEN_BACK = 0.35, 0.6, 0.15
BEFORE_S = -3600.0


def organisation(seed: int, span_s: float, begun: datetime) -> list[Planned]:
    """All that is said of posts, people and units within the span."""
    found: list[Planned] = []
    for authority in AUTHORITIES:
        for number, unit in enumerate(UNITS):
            found += _placed(seed, authority, number, unit, span_s, begun)
        for of, role in POSTS:
            found += _post(seed, authority, of, role, span_s, begun)
    return [planned for planned in found if planned.at < span_s]


def _sent(random: Random, at: float) -> float:
    """Some of it ahead, some at once, some long after."""
    return max(0.0, at + random.choice((-20.0, 0.0, 0.0, 5.0, 20.0, 40.0)) * random.random())


def _placed(seed: int, authority: str, number: int, unit: str, span_s: float, begun: datetime) -> list[Planned]:
    """Under one of the units before it, or at the top: there is never a ring."""
    random = Random(f"unit {seed} {authority} {unit}")
    w = Writer(random, begun, f"{authority}/{unit}", f"{authority}.{unit}")
    at, sent = BEFORE_S, 0.0
    while number and at < span_s:
        parent = {} if at > 0 and random.random() < 0.3 else {"parent": random.choice(UNITS[:number])}
        w.fact("unit.placed", at, sent, **parent)
        at = max(at, 0.0) + random.expovariate(1 / MOVES_S)
        sent = _sent(random, at)
    return w.plans


def _post(seed: int, authority: str, unit: str | None, role: str, span_s: float, begun: datetime) -> list[Planned]:
    name = f"{unit or 'all'}-{role}"
    random = Random(f"post {seed} {authority} {name}")
    if random.random() < NEVER_HELD:
        return []
    w = Writer(random, begun, f"{authority}/{name}", f"{authority}.{name}")
    serves = {"role": role, **({"unit": unit} if unit else {})}
    at, sent, number, found = BEFORE_S, 0.0, 0, []
    while at < span_s:
        person, former = f"{w.prefix}-{number}", {}
        if number and random.random() < 0.3:
            former = {"takes_over_from": f"{w.prefix}-{number - 1}"}
        w.fact("holder.assigned", at, sent, person=person, **serves, **former)
        begins, at = max(at, 0.0), max(at, 0.0) + random.expovariate(1 / HOLDS_S)
        if random.random() < ACTED_FOR:
            _acting(w, begins, at, f"{person}-acting", serves)
        if random.random() < AWAY:
            found += _leave(w, begins, at, authority, person, name)
        sent = _sent(random, at)
        if random.random() < VACATED[role]:
            w.fact("holder.ended", at, sent, person=person)
            at += random.uniform(5, 30)
            sent = max(sent, at)
        number += 1
    return [*found, *w.plans]


def _acting(w: Writer, begins: float, ends: float, person: str, serves: dict[str, str]) -> None:
    """Somebody over the holder, for a time that is said at once or ended later; it may outlast the tenure."""
    since = w.random.uniform(begins, ends)
    until = since + w.random.uniform(5, 25)
    if w.random.random() < 0.5:
        w.fact("holder.assigned", since, _sent(w.random, since), person=person, acting=True, until=w.instant(until),
               **serves)  # fmt: skip
    else:
        w.fact("holder.assigned", since, _sent(w.random, since), person=person, acting=True, **serves)
        w.fact("holder.ended", until, _sent(w.random, until), person=person)


def _leave(w: Writer, begins: float, ends: float, authority: str, person: str, post: str) -> list[Planned]:
    """Most have a deputy, some are from this post alone, some end early, some never were."""
    random = w.random
    leave = Writer(random, w.begun, f"{authority}/{person}", f"{person}.leave")
    since = random.uniform(begins, ends)
    until = since + random.uniform(5, 30)
    said: dict[str, Any] = {"post": post} if random.random() < 0.25 else {}
    if random.random() < 0.75:
        said["deputy"] = f"{person}-deputy"
    known = _sent(random, since)
    if random.random() < 0.6:
        said["until"] = leave.instant(until)
    id = leave.fact("leave.taken", since, known, **said)
    if "until" not in said or random.random() < 0.3:
        back = random.uniform(since, until)
        leave.fact("leave.ended", back, _sent(random, back))
    if random.random() < TAKEN_BACK:
        said = {"replaces": {"source": SOURCE, "id": id}, "of": "directory"}
        leave.say("fact.retracted", known + random.uniform(1, 40), said)
    return leave.plans
