"""Who held a post when, from the facts about it in business order.

    vacant ──assigned──► held ──ended, its `until`, abolished, or assigned to somebody else──► vacant, or held by them

Whatever the facts, a post has one holder at a time. Where facts do not fit each other a rule says which counts, and the
misfit is listed as a conflict for people to correct.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.accountability.rules.directory_facts import DirectoryFact
from services.accountability.rules.directory_model import Conflict, PostHolding, PostTerms, Vacancy
from services.accountability.rules.model import Role


@dataclass(slots=True)
class _Line:
    """Holders one after the other, none beside another. The last may still hold."""

    past: list[PostHolding] = field(default_factory=list)
    now: PostHolding | None = None

    def close(self, at: datetime, learned_at: datetime) -> None:
        """A holding that ends where it begins is none."""
        if self.now is not None and self.now.since < at:
            self.past.append(self.now._replace(until=at, learned_at=max(self.now.learned_at, learned_at)))
        self.now = None

    def expire(self, at: datetime) -> None:
        """End who was to hold the post until before."""
        if self.now is not None and self.now.until is not None and self.now.until <= at:
            self.past.append(self.now)
            self.now = None

    def whole(self) -> list[PostHolding]:
        return self.past if self.now is None else [*self.past, self.now]


@dataclass(slots=True)
class PostFold:
    """Two lines: an appointment, and whoever acts over it for the time being. A new appointment ends both, an end
    concerns the person it names and no other, and to an abolished post nobody is appointed."""

    regular: _Line = field(default_factory=_Line)
    acting: _Line = field(default_factory=_Line)
    terms: list[PostTerms] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    abolished: bool = False

    def take(self, fact: DirectoryFact) -> None:
        lines = (self.regular, self.acting)
        for line in lines:
            line.expire(fact.at)
        match fact.kind:
            case "ended":
                for line in lines:
                    if line.now is not None and line.now.person == fact.person:
                        line.close(fact.at, fact.learned_at)
            case "abolished":
                for line in lines:
                    line.close(fact.at, fact.learned_at)
                self._end_terms(fact)
                self.abolished = True
            case "established" if fact.role is not None:
                self._end_terms(fact)
                self.terms.append(PostTerms(fact.post, fact.role, fact.unit, fact.at, None, fact.learned_at))
                self.abolished = False
            case "assigned" if fact.role is not None and fact.person is not None:
                self._assign(fact, fact.person, fact.role)

    def _end_terms(self, fact: DirectoryFact) -> None:
        if self.terms and self.terms[-1].until is None:
            last = self.terms.pop()
            if last.since < fact.at:
                self.terms.append(last._replace(until=fact.at, learned_at=max(last.learned_at, fact.learned_at)))

    def _assign(self, fact: DirectoryFact, person: str, role: Role) -> None:
        if self.abolished:
            self._misfit(fact, "abolished-post", f"{person} is appointed to a post that was abolished: nobody holds it")
            return
        line = self.acting if fact.acting else self.regular
        now = line.now
        if not fact.acting:
            self.acting.close(fact.at, fact.learned_at)
        if now is not None and (now.person, now.role, now.unit) == (person, role, fact.unit):
            if now.until != fact.until:
                line.now = now._replace(until=fact.until, learned_at=max(now.learned_at, fact.learned_at))
            return
        self._compare(fact, person, now)
        line.close(fact.at, fact.learned_at)
        line.now = PostHolding(
            fact.post, person, role, fact.unit, fact.at, fact.until, fact.learned_at, fact.learned_at, fact.acting
        )  # fmt: skip

    def _compare(self, fact: DirectoryFact, person: str, now: PostHolding | None) -> None:
        """Whoever comes last holds the post; but that it was still held may be a mistake in one of the two."""
        if now is not None and now.person != person and (now.since == fact.at or now.until is not None):
            held = "from the same instant" if now.until is None else f"until {now.until.astimezone(UTC).isoformat()}"
            detail = f"{now.person} was to hold the post {held} and {person} holds it from then on"
            self._misfit(fact, "overlapping-holders", detail)
        before = self.regular.now if now is None and fact.acting else now
        if fact.other is not None and (before is None or before.person != fact.other):
            was = "nobody" if before is None else before.person
            detail = f"{person} takes over from {fact.other} and {was} held the post"
            self._misfit(fact, "handed-over-by-another", detail)

    def _misfit(self, fact: DirectoryFact, code: str, detail: str) -> None:
        self.conflicts.append(Conflict(fact.post, code, fact.at, fact.ref, detail))

    def holdings(self) -> tuple[PostHolding, ...]:
        """In order, none beside another."""
        return overlaid(self.regular.whole(), self.acting.whole())


def overlaid(regular: Sequence[PostHolding], acting: Sequence[PostHolding]) -> tuple[PostHolding, ...]:
    """One holder at a time: the acting one while there is one."""
    found = list(acting)
    for holding in regular:
        rest: PostHolding | None = holding
        for over in acting:
            if rest is None or (rest.until is not None and rest.until <= over.since):
                break
            if over.until is not None and over.until <= rest.since:
                continue
            learned_at = max(rest.learned_at, over.learned_at)
            if rest.since < over.since:
                found.append(rest._replace(until=over.since, learned_at=learned_at))
            rest = _after(rest, over.until, learned_at)
        if rest is not None:
            found.append(rest)
    return tuple(sorted(found, key=lambda h: h.since))


def _after(rest: PostHolding, at: datetime | None, learned_at: datetime) -> PostHolding | None:
    """What is left of a holding from then on: that it goes on is known since that end is."""
    if at is None or (rest.until is not None and rest.until <= at):
        return None
    return rest._replace(since=at, learned_at=learned_at, known_since=learned_at)


def vacancies(holdings: Sequence[PostHolding], terms: Sequence[PostTerms]) -> tuple[Vacancy, ...]:
    """Since when nobody holds the post, in order. Of one that serves another unit, or another role, from then on it is
    the former one that is left without a holder. A post that nobody ever held is vacant since it was established."""
    found = []
    for number, held in enumerate(holdings):
        if held.until is None:
            continue
        again = next((h for h in holdings[number + 1 :] if (h.role, h.unit) == (held.role, held.unit)), None)
        if again is None or held.until < again.since:
            until = None if again is None else again.since
            found.append(Vacancy(held.post, held.role, held.unit, held.until, until, held.learned_at))
    if holdings:
        return tuple(found)
    return tuple(Vacancy(t.entry, t.role, t.unit, t.since, t.until, t.learned_at) for t in terms)
