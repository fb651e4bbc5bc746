"""The directory as it is asked for: what stands by what is derived, and what was known at an instant by the facts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.accountability import directory_store
from services.accountability.directory_store import Q, keys
from services.accountability.rules.directory import Directory, Leave, PostHolding, UnitPlace
from services.accountability.rules.directory_checks import Standing
from services.accountability.rules.directory_entries import Entry, entry_of
from services.accountability.rules.directory_facts import PostKey, known_at
from shared.postgres import Connection, Record

Place = tuple[str, str, str, datetime, str, str]
"""Of a conflict: its whole key, by which the list goes on."""


@dataclass(frozen=True, slots=True)
class Held:
    """A holding, and the leave its holder was on at the instant asked for."""

    holding: PostHolding
    leave: Leave | None


async def authorities_of(conn: Connection, entry: str) -> list[str]:
    """Whose posts, units or persons have this id."""
    return [row["authority"] for row in await conn.fetch(Q["select_authorities_of_entry"], entry)]


async def serves(conn: Connection, unit: PostKey) -> bool:
    """Whether a post ever served the unit."""
    found: bool = await conn.fetchval(Q["is_unit_served"], *unit)
    return found


async def holders(conn: Connection, post: PostKey, at: datetime) -> list[Held]:
    """Who held a post then, by all that is known now: one row by the key, and the leave beside it."""
    return [
        Held(directory_store.holding(row), _leave(row))
        for row in await conn.fetch(Q["select_holders_of_post"], *post, at)
    ]


async def entry(conn: Connection, key: PostKey, known: datetime | None = None) -> Entry:
    """All that the facts about an entry amount to, by what had been recorded at `known`."""
    facts = (await directory_store.facts_of(conn, [key]))[key]
    return entry_of(known_at(facts, known))


async def holders_as_known(conn: Connection, post: PostKey, at: datetime, known: datetime) -> list[Held]:
    """Who held a post at `at`, by what had been recorded at `known`."""
    held = [h for h in (await entry(conn, post, known)).holdings if h.covers(at)]
    found = []
    for h in held:
        leaves = (await entry(conn, PostKey(post.authority, h.person), known)).leaves
        found.append(Held(h, Directory([h], leaves=leaves).leave_of(h, at)))
    return found


async def posts_of(conn: Connection, person: str, at: datetime | None) -> list[PostHolding]:
    """The posts that a person held, of whatever authority."""
    return [directory_store.holding(row) for row in await conn.fetch(Q["select_holdings_of_person"], person, at)]


async def conflicts(conn: Connection, authority: str | None, after: Place | None, limit: int) -> list[Record]:
    """Where facts do not fit each other, in order."""
    return await conn.fetch(Q["page_of_conflicts"], authority, *(after or (None,) * 6), limit)


async def unknown(conn: Connection, authority: str | None, limit: int) -> list[Record]:
    """What is named and was never set up."""
    return await conn.fetch(Q["select_unknown"], authority, limit)


async def standing(conn: Connection, entries: Collection[PostKey]) -> Standing:
    """What a file's lines are compared with."""
    authorities = sorted({entry.authority for entry in entries})
    facts = await directory_store.facts_of(conn, sorted(entries))
    places = await directory_store.places_of(conn, authorities)
    known = await conn.fetch(Q["select_known_posts"], *keys(sorted(entries)), authorities)
    return Standing(
        facts,
        [place for held in places.values() for place in held],
        frozenset(PostKey(row["authority"], row["post"]) for row in known if row["post"]),
        frozenset(row["authority"] for row in known if not row["post"]),
    )


def answering(held: Sequence[Held]) -> str | None:
    """Who answers for the post: the deputy of who is on leave, else the holder."""
    if not held:
        return None
    first = held[0]
    deputy = None if first.leave is None else first.leave.deputy
    return deputy or first.holding.person


def place_at(places: Sequence[UnitPlace], at: datetime) -> UnitPlace | None:
    """Where a unit stood."""
    return next((place for place in places if place.covers(at)), None)


def _leave(row: Record) -> Leave | None:
    if row["leave_since"] is None:
        return None
    return Leave(
        PostKey(row["authority"], row["person"]), row["leave_since"], row["leave_until"], row["deputy"],
        row["of_post"] or None, row["leave_learned_at"], row["leave_known_since"],
    )  # fmt: skip
