"""What the services said last, against what the naive count says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.county import naive

TOPICS = ("matter-events", "directory-events", "case-events")
ATTRIBUTED = ("case.opened", "case.revised", "case.reinstated")


@dataclass
class Told:
    """A message as it stands on its topic."""

    topic: str
    key: str
    type: str
    revision: int
    data: dict[str, Any]


@dataclass
class Verdict:
    """`wrong` says of each matter what is, and what should be."""

    matters: int = 0
    cases: int = 0
    revised: int = 0
    shared: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"wrong persons {len(self.wrong)} of {self.matters}"
            f" ({self.cases} cases stand, {self.revised} revisions, {self.shared} with shares of time)"
        )


def judge(messages: Iterable[Told]) -> Verdict:
    """Every matter is worked out; of each case the last word counts, by its revision."""
    matters: dict[str, list[naive.Fact]] = {}
    directory: list[naive.Fact] = []
    said: dict[str, dict[int, Told]] = {}
    for message in messages:
        name = unquote(message.key.partition("/")[2])
        fact = {**message.data, "type": message.type, "name": name}
        if message.topic == "directory-events":
            directory.append(fact)
        elif message.topic == "matter-events":
            matters.setdefault(name, []).append(fact)
        elif message.type.startswith("case."):
            said.setdefault(name, {})[message.revision] = message
    office, verdict = naive.Office(directory), Verdict(len(matters))
    for name, facts in sorted(matters.items()):
        expected = naive.responsible(facts, office)
        shares = None if expected is None else naive.share_out(facts, naive.late_from(facts))
        words = [said[name][n] for n in sorted(said.get(name, ()))]
        verdict.revised += sum(word.type == "case.revised" for word in words)
        verdict.cases += expected is not None
        verdict.shared += shares is not None
        found, parts = _standing(words)
        if (found, parts) != (expected, shares):
            verdict.wrong.append(f"{name}: {found} {parts} and not {expected} {shares}")
    return verdict


def _standing(words: list[Told]) -> tuple[list[tuple[str, str | None]] | None, Any]:
    """Who is proposed, and the shares; nothing of a case that does not stand."""
    found, parts = None, None
    for word in words:
        if word.type == "case.withdrawn":
            found, parts = None, None
        elif word.type in ATTRIBUTED:
            found = [(each["role"], each.get("person")) for each in word.data["responsible"]]
            told = word.data.get("shares")
            parts = told and {
                (each.get("unit"), each.get("person")): (each["net_minutes"], each.get("percent")) for each in told
            }
    return found, parts
