"""Which fault strikes when: a pure function of the seed, so that a run can be made again.

A kill is a SIGKILL of a service (at a named failpoint or at a random moment), of Postgres or of the broker. Other
faults come on top: processes stopped for longer than their session, roads cut, clocks set wrong.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.crash.cluster import SESSION_MS

Kind = Literal["point", "kill", "postgres", "broker", "stop", "cut", "clock", "database-clock"]
Point = tuple[str, str]
"""A service and a failpoint of its."""
KILLS: frozenset[Kind] = frozenset({"point", "kill", "postgres", "broker"})
SERVICES = ("intake", "deadline", "accountability", "notification")
ROADS = ("a", "b")
BATCHES = ("batch.claimed", "batch.handled", "batch.committed", "offsets.committed")
RELAY = ("relay.read", "relay.partly_sent", "relay.sent", "relay.marking", "relay.marked")
OWN = {
    "intake": ("intake.kept", "http.committed"),
    "deadline": ("facts.kept", "clocks.saved", "sweep.claimed", "sweep.fired", "sweep.committed"),
    "accountability": ("directory.learned", "verdicts.kept", "cards.taken", "cards.issued", "record.sealed"),
    "notification": (),
}
POINTS = tuple(
    (service, point)
    for service in SERVICES
    for point in (*BATCHES, *(RELAY if service != "notification" else ()), *OWN[service])
)
"""Notification sends an event only for webhooks and suppressed notices, of which there are none here."""
PER_KILL = 0.35
"""Other faults for each kill."""
AHEAD_S, BACK_S = 9000.0, 120.0
"""How wrong a clock is set: ahead by more than the cases' last rung; back by less than intake's tolerance."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` seconds after the start; `target` a service, a replica or a road, empty for a server; `s` how long it lasts
    (kills: how long the server stays down), `how` a failpoint, a way to cut, or the seconds a clock is wrong."""

    at: float
    kind: Kind
    target: str = ""
    s: float = 0.0
    how: str = ""


def schedule(
    seed: int, kills: int, span_s: float, *, only: tuple[Kind, ...] | None = None, points: Sequence[Point] = POINTS
) -> tuple[Fault, ...]:
    """The faults of a run in order of time. `only`: the kinds that strike; `points`: the failpoints to choose from."""
    random = Random(f"faults {seed}")
    slot = span_s / max(kills, 1)
    order = list(points)
    random.shuffle(order)
    following = itertools.cycle(order)  # each in its turn: a long run strikes them all
    found = []
    for number in range(kills):
        at = (number + random.random()) * slot
        kind = random.choices(("point", "kill", "postgres", "broker"), (62, 28, 6, 4))[0]
        found.append(_fault(random, at, kind, next(following) if kind == "point" else order[0]))
    for _ in range(round(kills * PER_KILL)):
        kind = random.choices(("stop", "cut", "clock", "database-clock"), (4, 5, 4, 2))[0]
        found.append(_fault(random, random.random() * span_s, kind, order[0]))
    wanted = [fault for fault in found if only is None or fault.kind in only]
    return tuple(sorted(wanted, key=lambda fault: fault.at))


def _fault(random: Random, at: float, kind: str, point: Point) -> Fault:
    replica = f"{random.choice(SERVICES)}-{random.choice(ROADS)}"
    match kind:
        case "point":
            return Fault(at, "point", point[0], 0, point[1])
        case "kill":
            return Fault(at, "kill", replica)
        case "postgres":
            return Fault(at, "postgres", "", random.uniform(0, 3))
        case "broker":
            return Fault(at, "broker", "", random.uniform(0, 3))
        case "stop":
            return Fault(at, "stop", replica, SESSION_MS / 1000 * random.uniform(1.2, 2.0))
        case "cut":
            road = random.choice((*ROADS, "ab"))
            to = random.choice(("kafka", "postgres"))
            return Fault(at, "cut", f"{to} {road}", random.uniform(2, 12), random.choice(("freeze", "reset")))
        case "clock":
            return Fault(at, "clock", replica, random.uniform(8, 20), _wrong(random))
        case _:
            return Fault(at, "database-clock", "", random.uniform(5, 15), _wrong(random))


def _wrong(random: Random) -> str:
    return f"{random.choice((AHEAD_S, AHEAD_S / 60, -BACK_S, -BACK_S / 4)):g}"
