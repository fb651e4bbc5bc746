"""A county by a seed: units, posts, people, matters, who had them and what was decided, and what was learned too late.

All happens in March 2026, which has no holiday: the naive count need not know the calendar. No two facts of a matter
are of one instant, so that no rule of order between them is needed to say what is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

AUTHORITY = "county"
SOURCE = "/county/register"
PEOPLE_SOURCE = "/county/personnel"
BEGIN = datetime.fromisoformat("2026-03-02T00:00:00+08:00")
"""A Monday."""
END = datetime.fromisoformat("2026-04-03T18:00:00+08:00")
LATE_SHARE = 0.12
"""Of the facts that may be: known to nobody before all limits have passed."""


@dataclass
class County:
    """Submissions: what is known in time, and what only afterwards."""

    prompt: list[dict[str, Any]] = field(default_factory=list)
    late: list[dict[str, Any]] = field(default_factory=list)


def county(n: int, seed: int) -> County:
    """`n` matters of units that have about fifty each."""
    made, random = County(), Random(seed)
    units = [f"unit-{k}" for k in range(max(4, n // 50))]
    for submission, is_late in directory(units, random):
        (made.late if is_late else made.prompt).append(submission)
    for number in range(n):
        for submission, is_late in matter(f"M-{number}", units, random):
            (made.late if is_late else made.prompt).append(submission)
    random.shuffle(made.late)
    return made


def event(kind: str, name: str, id: str, at: datetime, source: str = SOURCE, **data: Any) -> dict[str, Any]:
    """One CloudEvent, issued when it happened."""
    subject = f"{AUTHORITY}/{name}"
    data = {"occurred_at": at.isoformat(), **{k: v for k, v in data.items() if v is not None}}
    return {
        "specversion": "1.0", "id": id, "source": source, "type": kind, "version": 1, "subject": subject,
        "time": min(at, END).astimezone(UTC).isoformat(), "data": data,
    }  # fmt: skip


Made = Iterator[tuple[dict[str, Any], bool]]


def directory(units: list[str], random: Random) -> Made:
    """One post of each role in most units; the head of all, and a deputy for units that have none."""
    posts: list[tuple[str, str, str | None]] = [("post-head", "principal", None), ("post-deputy", "leading", None)]
    for unit in units:
        posts += [(f"post-{unit}-direct", "direct", unit), (f"post-{unit}-leading", "leading", unit)]
        if random.random() < 0.3:
            posts.append((f"post-{unit}-principal", "principal", unit))
    yield from _tree(units, random)
    for post, role, of in posts:
        if of is not None and random.random() < 0.1:
            continue  # never filled
        yield from _tenures(post, role, of, random)


def _tree(units: list[str], random: Random) -> Made:
    """Most units stand under another one, and some move in March."""
    for number, unit in enumerate(units):
        if number == 0 or random.random() < 0.4:
            continue
        for turn in range(random.choice((1, 1, 2))):
            at = _instant(random) if turn else datetime.fromisoformat("2025-01-01T00:00:00+08:00")
            parent = units[random.randrange(number)]
            placed = event("unit.placed", unit, f"{unit}/placed-{turn}", at, PEOPLE_SOURCE, parent=parent)
            yield placed, turn > 0 and random.random() < LATE_SHARE * 3


def _tenures(post: str, role: str, unit: str | None, random: Random) -> Made:
    at, number = datetime.fromisoformat("2025-01-01T00:00:00+08:00"), 0
    while at < END:
        person = f"{post}-holder-{number}"
        yield (
            event("holder.assigned", post, f"{post}/{number}", at, PEOPLE_SOURCE, person=person, role=role, unit=unit),
            number > 0 and random.random() < LATE_SHARE * 3,
        )
        number += 1
        next_at = _instant(random)
        if random.random() < 0.25:
            yield from _acting(post, f"{person}-acting", role, unit, at, random)
        if next_at <= at or random.random() < 0.4:
            yield from _leave(person, post, at, random)
            return
        if random.random() < 0.4:  # leaves, and the post is vacant until somebody comes
            is_late = random.random() < LATE_SHARE * 3
            yield event("holder.ended", post, f"{post}/{number}/end", next_at, PEOPLE_SOURCE, person=person), is_late
            next_at += timedelta(days=random.randint(0, 9), minutes=random.randint(1, 600))
        at = next_at


def _acting(post: str, person: str, role: str, unit: str | None, at: datetime, random: Random) -> Made:
    """Over whoever holds the post, until an instant that is said at once or afterwards, or until somebody is
    appointed."""
    since = max(_instant(random), at + timedelta(hours=1, microseconds=1))
    until = since + timedelta(days=random.randint(1, 9), microseconds=random.randint(1, 86_399_999_999))
    ends = {"until": until.isoformat()} if random.random() < 0.5 else {}
    yield (
        event(
            "holder.assigned", post, f"{person}/since", since, PEOPLE_SOURCE, person=person, role=role, unit=unit,
            acting=True, **ends,
        ),
        random.random() < LATE_SHARE * 3,
    )  # fmt: skip
    if not ends:
        ended = event("holder.ended", post, f"{person}/end", until, PEOPLE_SOURCE, person=person)
        yield ended, random.random() < LATE_SHARE * 3


def _leave(person: str, post: str, at: datetime, random: Random) -> Made:
    """From all posts or from this one; some are back before it was to end."""
    if random.random() < 0.5:
        return
    since = max(_instant(random), at + timedelta(hours=1))
    until = since + timedelta(days=random.randint(1, 12))
    deputy = None if random.random() < 0.3 else f"{person}-deputy"
    alone = post if random.random() < 0.25 else None
    yield (
        event(
            "leave.taken", person, f"{person}/leave", since, PEOPLE_SOURCE, until=until.isoformat(), deputy=deputy,
            post=alone,
        ),
        random.random() < LATE_SHARE * 3,
    )  # fmt: skip
    if random.random() < 0.3:
        back = since + (until - since) * random.uniform(0.1, 0.9)
        yield event("leave.ended", person, f"{person}/back", back, PEOPLE_SOURCE), random.random() < LATE_SHARE * 3


def _instant(random: Random) -> datetime:
    """Some time of March, to the microsecond: no two are alike."""
    return BEGIN + timedelta(days=random.randint(0, 27), microseconds=random.randint(1, 86_400_000_000 - 1))


def matter(name: str, units: list[str], random: Random) -> Made:
    """A matter, its hands, its acts, perhaps a hearing, perhaps its end."""
    count = 0

    def fact(kind: str, at: datetime, *, may_be_late: bool = True, **data: Any) -> tuple[dict[str, Any], bool]:
        nonlocal count
        count += 1
        made = event(kind, name, f"{name}/{count}", at, **data)
        return made, may_be_late and random.random() < LATE_SHARE

    def somebody(unit: str) -> str | None:
        return None if random.random() < 0.4 else f"p-{unit}-{random.randint(0, 5)}"

    unit = random.choice(units)
    began = BEGIN + timedelta(days=random.randint(0, 4), hours=8, microseconds=random.randint(0, 32_400_000_000))
    first = f"p-first-{random.randint(0, 20)}" if random.random() < 0.2 else None
    yield fact(
        "matter.submitted", began, may_be_late=False, item="county-licence", unit=unit, person=somebody(unit),
        first_contact=first,
    )  # fmt: skip
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        at = began + timedelta(microseconds=random.randint(1, 20 * 86_400_000_000))
        unit = unit if random.random() < 0.6 else random.choice(units)
        person = somebody(unit)
        if person is not None and random.random() < 0.3:
            yield fact("matter.assigned", at, person=person)
        else:
            yield fact("matter.transferred", at, unit=unit, person=person)
    if random.random() < 0.2:
        stops = began + timedelta(days=random.randint(0, 6), microseconds=random.randint(1, 3_600_000_000))
        goes_on = stops + timedelta(days=random.randint(1, 6), microseconds=random.randint(1, 3_600_000_000))
        yield fact("matter.suspended", stops, may_be_late=False, ground="hearing")
        yield fact("matter.resumed", goes_on, may_be_late=False, ground="hearing")
    if random.random() < 0.4:
        yield from _acts(name, began, random, fact)
    ends = random.random()
    if ends < 0.5:
        days = random.uniform(0.1, 14) if ends < 0.3 else random.uniform(14, 27)
        yield fact("matter.decided", began + timedelta(days=days, microseconds=random.randint(1, 999)))


def _acts(name: str, began: datetime, random: Random, fact: Any) -> Made:
    """Opinions, one on the other, an order, a session."""
    given: list[str] = []
    for _ in range(random.randint(1, 4)):
        at = began + timedelta(microseconds=random.randint(1, 18 * 86_400_000_000))
        stance = random.choice(("grant", "refuse", "hold", "hold"))
        kind = random.choice(("opinion", "opinion", "opinion", "order", "session"))
        if kind == "order":
            yield fact("order.given", at, person=f"p-chief-{random.randint(0, 9)}", stance=stance)
        elif kind == "session":
            members = random.sample([f"p-member-{k}" for k in range(6)], random.randint(1, 4))
            against = [f"p-dissenter-{k}" for k in range(random.randint(0, 2))] + ["post-deputy-holder-0"]
            yield fact("decision.taken", at, stance=stance, members=members, dissented=against)
        else:
            role = random.choice(("handler", "reviewer", "approver"))
            overrides = {"source": SOURCE, "id": random.choice(given)} if given and random.random() < 0.7 else None
            made = fact(
                "opinion.given", at, person=f"p-{role}-{random.randint(0, 9)}", role=role, stance=stance,
                overrides=overrides, bypasses="reviewer" if role == "approver" and random.random() < 0.3 else None,
            )  # fmt: skip
            given.append(made[0]["id"])
            yield made
