"""How a submission is written and when it is sent: for the generator alone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

SOURCE = "/crash/generator"
BY_HTTP = 0.1
TWICE = 0.04


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """An event to be sent `at` seconds after the start. The same event may be planned twice."""

    at: float
    id: str
    http: bool
    event: dict[str, Any] = field(compare=False)


@dataclass
class Writer:
    """Writes the events of one matter, post, unit or person."""

    random: Random
    begun: datetime
    subject: str
    prefix: str
    plans: list[Planned] = field(default_factory=list)

    def instant(self, s: float) -> str:
        return (self.begun + timedelta(microseconds=round(s * 1e6))).isoformat()

    def event(self, id: str, type_: str, sent: float, data: dict[str, Any]) -> dict[str, Any]:
        """A CloudEvent in structured mode."""
        return {
            "specversion": "1.0", "id": id, "source": SOURCE, "type": type_, "version": 1, "subject": self.subject,
            "time": self.instant(sent), "data": data,
        }  # fmt: skip

    def say(self, type_: str, sent: float, data: dict[str, Any]) -> str:
        """Plan an event, sometimes twice; its id."""
        id = f"{self.prefix}.{len(self.plans)}"
        event = self.event(id, type_, sent, data)
        self.plans.append(Planned(sent, id, self.random.random() < BY_HTTP, event))
        if self.random.random() < TWICE:
            self.plans.append(Planned(sent + self.random.uniform(0, 15), id, self.random.random() < 0.5, event))
        return id

    def fact(self, type_: str, occurred: float, sent: float | None = None, **data: Any) -> str:
        """Plan a fact; reported a moment after it happened unless said otherwise, a few of them ahead."""
        if sent is None:
            ahead = self.random.random() < 0.03
            sent = occurred - self.random.uniform(0, 10) if ahead else occurred + self.random.expovariate(1.0)
        return self.say(type_, sent, {"occurred_at": self.instant(occurred), **data})
