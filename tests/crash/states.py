"""`case-states` read alone, as who joins late and finds the topic compacted: of each key the last message. It must say
the same of every case as all of `case-events` together.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.crash.collect import Event

STANDS = ("case.opened", "case.reinstated")
NAMES = (*STANDS, "case.revised", "case.escalated")
TOLD = ("responsible", "rung", "addressee")
EXAMPLES = 8


class Stand(NamedTuple):
    """Where a case stands, by either topic."""

    revision: int
    state: str
    named: tuple[tuple[str, str | None], ...]
    rung: int
    addressed: tuple[str, ...]


@dataclass
class States:
    """Both topics; `differing` names cases of which they do not say the same."""

    last: dict[str, Event] = field(default_factory=dict)
    events: dict[str, dict[int, tuple[str, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(dict))
    standing: int = 0
    withdrawn: int = 0
    differing: list[str] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Every message, also one that is delivered again: in the order of its partition."""
        if event.topic == "case-states":
            self.last[event.key] = event
        elif event.topic == "case-events" and event.type.startswith("case."):
            said = {name: value for name, value in event.data.items() if name in TOLD}
            self.events[event.data["case_id"]][event.revision] = event.type, said

    def compare(self) -> "States":
        """Everything was seen."""
        for case in self.last.keys() | self.events.keys():
            told = _told(self.last[case]) if case in self.last else None
            found = _found(self.events[case]) if case in self.events else None
            if told != found:
                self.differing.append(f"case {case}: {told} by its state, {found} by its events")
            if told is not None:
                self.standing += told.state == "standing"
                self.withdrawn += told.state == "withdrawn"
        return self

    def lines(self) -> Iterator[str]:
        """For the report."""
        yield (
            f"case-states alone: {self.standing} cases standing, {self.withdrawn} withdrawn;"
            f" other than by case-events: {len(self.differing)}"
        )
        yield from (f"  STATE {each}" for each in self.differing[:EXAMPLES])


def _told(event: Event) -> Stand:
    data = event.data
    return Stand(
        event.revision, data["state"], _named(data["responsible"]), data["rung"], tuple(sorted(data["addressed"]))
    )


def _found(events: dict[int, tuple[str, dict[str, Any]]]) -> Stand:
    state, rung, named = "", 0, tuple[tuple[str, str | None], ...]()
    addressed: set[str] = set()
    for _, (type_, says) in sorted(events.items()):
        if type_ in STANDS:
            state, rung = "standing", 0
        elif type_ == "case.withdrawn":
            state = "withdrawn"
        elif type_ == "case.escalated":
            rung = max(rung, says["rung"])
        if type_ in NAMES:
            named = _named(says["responsible"])
        addressed |= {says["addressee"]["person"]} if "person" in says.get("addressee", {}) else set()
    return Stand(max(events), state, named, rung, tuple(sorted(addressed)))


def _named(responsible: list[dict[str, Any]]) -> tuple[tuple[str, str | None], ...]:
    return tuple((each["role"], each.get("person")) for each in responsible)
