"""What should have come of the acknowledged submissions: computed from the generator's log alone, plainly and slowly.

Shares nothing with the product: no rule, no table, no model. A matter here has one due at a time, and facts are few.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import orjson

from tests.crash.office import Office, micros

Outcome = Literal["missed", "late", "met", "void"]
HAND_OVERS = ("matter.submitted", "matter.assigned", "matter.transferred")


class Fact(NamedTuple):
    """A submission about a matter; `issued` and `replaces` matter for corrections and retractions only."""

    at: int
    id: str
    type: str
    due: int | None
    unit: str | None
    person: str | None
    warned: bool
    issued: int
    replaces: str | None
    right: int | None


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one matter; `late_from` is the first instant that is too late."""

    outcome: Outcome
    late_from: int
    persons: tuple[str | None, str | None, str | None]

    @property
    def missed(self) -> bool:
        return self.outcome in ("missed", "late")


@dataclass
class World:
    """All that was acknowledged. `wrong` are the ids of what had to be refused."""

    ids: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    matters: dict[str, list[Fact]] = field(default_factory=dict)
    office: Office = field(default_factory=Office)

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> "World":
        """The world of a log; a line that is there twice was sent twice."""
        world = cls()
        for line in lines:
            event = orjson.loads(line)
            if event["type"] == "matter.mislaid":
                world.wrong.add(event["id"])
            elif event["id"] not in world.ids:
                world.ids.add(event["id"])
                if not world.office.take(event):
                    world.matters.setdefault(event["subject"], []).append(_fact(event, event["data"]))
        world.office.ready()
        return world

    def expect(self, subject: str) -> Expected | None:
        """What should have come of a matter; None: it was never registered."""
        facts = corrected(self.matters[subject])
        registration = next((fact for fact in facts if fact.type == "matter.submitted"), None)
        if registration is None or registration.due is None:
            return None
        due = [fact.due for fact in facts if fact.due is not None and fact.type == "limits.changed"]
        last = due[-1] if due else registration.due
        reopened = max((n for n, fact in enumerate(facts) if fact.type == "matter.reopened"), default=-1)
        ends = [f for f in facts[reopened + 1 :] if f.type in ("matter.closed", "matter.withdrawn")]
        outcome: Outcome = "missed"
        if ends:
            in_time: Outcome = "met" if ends[0].type == "matter.closed" else "void"
            outcome = in_time if ends[0].at <= last else "late"
        return Expected(outcome, last + 1, self._persons(subject.partition("/")[0], facts, last))

    def _persons(self, authority: str, facts: list[Fact], due: int) -> tuple[str | None, str | None, str | None]:
        unit = person = None
        for fact in facts:
            if fact.type in HAND_OVERS and fact.at <= due and (fact.unit or fact.person):
                unit, person = fact.unit or unit, fact.person
        return (
            person or self.office.holder(authority, unit, "direct", due),
            self.office.leader(authority, unit, "leading", due),
            self.office.leader(authority, unit, "principal", due),
        )

    def dues(self, subject: str) -> set[int]:
        """Every due that was ever stated for a matter."""
        return {fact.due for fact in self.matters.get(subject, ()) if fact.due is not None}

    def warns_from(self, subject: str, late_from: int) -> int | None:
        """When a quarter of the span is left; None where nothing warns."""
        facts = [fact for fact in self.matters.get(subject, ()) if fact.type == "matter.submitted"]
        if not facts or not facts[0].warned:
            return None
        return late_from - (late_from - facts[0].at) // 4


def _fact(event: Mapping[str, Any], data: Mapping[str, Any]) -> Fact:
    issued = micros(event["time"])
    right = data.get("fact", {}).get("data", {}).get("occurred_at")
    return Fact(
        at=micros(data["occurred_at"]) if "occurred_at" in data else issued,
        id=event["id"],
        type=event["type"],
        due=micros(data["due"]) if "due" in data else None,
        unit=data.get("unit"),
        person=data.get("person"),
        warned=data.get("item") == "warned",
        issued=issued,
        replaces=data.get("replaces", {}).get("id"),
        right=None if right is None else micros(right),
    )


def corrected(facts: Iterable[Fact]) -> list[Fact]:
    """What is held to have happened, in business order: the correction that was issued last counts."""
    plain = {fact.id: fact for fact in facts if fact.replaces is None}
    for fact in sorted((f for f in facts if f.replaces is not None), key=lambda f: (f.issued, f.id)):
        original = next((f for f in facts if f.id == fact.replaces), None)
        if original is None:
            continue
        if fact.right is None:
            plain.pop(original.id, None)
        else:
            plain[original.id] = original._replace(at=fact.right)
    return sorted(plain.values())


def kind_of_name(person: str | None) -> str:
    """How somebody came to answer, by how the generator calls people: so that it is seen what a run has tried."""
    if person is None:
        return "nobody, vacant"
    for end, kind in (("-deputy", "a deputy"), ("-acting", "acting")):
        if person.endswith(end):
            return kind
    if person.startswith("clerk-"):
        return "in whose hands it was"
    return "holder for the whole authority" if ".all-" in person else "holder in a unit"
