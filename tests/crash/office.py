"""Who held which role at an instant, by the generator's log alone: every fact of an entry is read again for each
question. Shares nothing with the product. Of each role there is one post in a unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = ("holder.ended", "leave.ended", "unit.placed", "leave.taken", "holder.assigned")
"""Of the directory; at one instant what ends comes first."""


def micros(text: str) -> int:
    """An instant in µs since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


class Said(NamedTuple):
    """A fact about a post, a person or a unit, whose name is the entry's."""

    at: int
    rank: int
    id: str
    type: str
    says: Mapping[str, Any]


@dataclass
class Office:
    """All that was said, by entry: `authority/name`."""

    entries: dict[str, list[Said]] = field(default_factory=dict)
    posts: dict[tuple[str, str | None, str], str] = field(default_factory=dict)
    never_was: set[str] = field(default_factory=set)

    def take(self, event: Mapping[str, Any]) -> bool:
        """One submission, in any order; False: it is not about the directory."""
        data, type_, subject = event["data"], event["type"], event["subject"]
        if type_ == "fact.retracted" and data.get("of") == "directory":
            self.never_was.add(data["replaces"]["id"])
            return True
        if type_ not in KINDS:
            return False
        if type_ == "holder.assigned":
            self.posts[subject.partition("/")[0], data.get("unit"), data["role"]] = subject
        said = Said(micros(data["occurred_at"]), KINDS.index(type_), event["id"], type_, data)
        self.entries.setdefault(subject, []).append(said)
        return True

    def ready(self) -> None:
        """All was taken: what never was goes, the rest in the order in which it happened."""
        for entry, known in self.entries.items():
            self.entries[entry] = sorted(said for said in known if said.id not in self.never_was)

    def holder(self, authority: str, unit: str | None, role: str, at: int) -> str | None:
        """Who answered for the role of this very unit: whoever acted, else was appointed; for who was away, the
        deputy."""
        post = self.posts.get((authority, unit, role))
        person = None if post is None else self._in_post(post, at)
        if post is None or person is None:
            return None
        return self._deputy(authority, person, post.partition("/")[2], at) or person

    def leader(self, authority: str, unit: str | None, role: str, at: int) -> str | None:
        """Of the unit; where that is vacant, of the units above it, and at last of the whole authority."""
        while unit is not None:
            found = self.holder(authority, unit, role, at)
            if found is not None:
                return found
            unit = self._above(authority, unit, at)
        return self.holder(authority, None, role, at)

    def _until(self, entry: str, at: int) -> list[Said]:
        return [said for said in self.entries.get(entry, ()) if said.at <= at]

    def _in_post(self, post: str, at: int) -> str | None:
        appointed: Mapping[str, Any] = {}
        acting: Mapping[str, Any] = {}
        for said in self._until(post, at):
            if said.type == "holder.ended":
                appointed = {} if appointed.get("person") == said.says["person"] else appointed
                acting = {} if acting.get("person") == said.says["person"] else acting
            elif said.says.get("acting"):
                acting = said.says
            else:
                appointed, acting = said.says, {}  # whoever is appointed ends what somebody did for the time being
        for holding in (acting, appointed):
            if holding and ("until" not in holding or at < micros(holding["until"])):
                person: str = holding["person"]
                return person
        return None

    def _deputy(self, authority: str, person: str, post: str, at: int) -> str | None:
        away: dict[str | None, Mapping[str, Any]] = {}
        for said in self._until(f"{authority}/{person}", at):
            if said.type == "leave.taken":
                away[said.says.get("post")] = said.says
            else:
                away.clear()
        for leave in (away.get(post), away.get(None)):  # a leave from this post goes before one from all
            if leave is not None and ("until" not in leave or at < micros(leave["until"])):
                return leave.get("deputy")
        return None

    def _above(self, authority: str, unit: str, at: int) -> str | None:
        placed = self._until(f"{authority}/{unit}", at)
        return placed[-1].says.get("parent") if placed else None
