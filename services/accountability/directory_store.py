"""Directory facts and the holdings derived from them, in Postgres."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

from services.accountability.rules.directory import Affected, Directory, DirectoryFact, PostHolding, PostKey
from services.accountability.rules.model import CaseKey, Ref
from services.accountability.store import Q
from shared.postgres import Connection, Record


async def add_facts(conn: Connection, facts: Sequence[DirectoryFact]) -> set[tuple[PostKey, Ref]]:
    """Keep them; those that were not known yet."""
    rows = await conn.fetch(
        Q["add_directory_facts"], [f.post.authority for f in facts], [f.post.post for f in facts],
        [f.ref.source for f in facts], [f.ref.id for f in facts], [f.event for f in facts], [f.kind for f in facts],
        [f.at for f in facts], [f.person for f in facts], [f.role for f in facts], [f.unit for f in facts],
        [f.learned_at for f in facts],
    )  # fmt: skip
    return {(_post(row), Ref(row["source"], row["event_id"])) for row in rows}


async def facts_of(conn: Connection, posts: Collection[PostKey]) -> dict[PostKey, list[DirectoryFact]]:
    """Every fact about these posts."""
    found: dict[PostKey, list[DirectoryFact]] = {post: [] for post in posts}
    for row in await conn.fetch(Q["select_directory_facts"], *_posts(posts)):
        found[_post(row)].append(
            DirectoryFact(
                _post(row),
                Ref(row["source"], row["event_id"]),
                row["event"],
                row["kind"],
                row["occurred_at"],
                row["person"],
                row["role"],
                row["unit"],
                row["learned_at"],
            )
        )
    return found


async def holdings_of(conn: Connection, posts: Collection[PostKey]) -> dict[PostKey, list[PostHolding]]:
    """The holdings of these posts as derived so far."""
    found: dict[PostKey, list[PostHolding]] = {post: [] for post in posts}
    for row in await conn.fetch(Q["select_holdings_of_posts"], *_posts(posts)):
        found[_post(row)].append(_holding(row))
    return found


async def replace_holdings(conn: Connection, derived: Mapping[PostKey, Sequence[PostHolding]]) -> None:
    """Write these posts' holdings anew."""
    await conn.execute(Q["delete_holdings"], *_posts(derived))
    rows = [h for holdings in derived.values() for h in holdings]
    await conn.execute(
        Q["add_holdings"], *_posts([h.post for h in rows]), [h.since for h in rows], [h.until for h in rows],
        [h.person for h in rows], [h.role for h in rows], [h.unit for h in rows], [h.learned_at for h in rows],
    )  # fmt: skip


async def directory_of(conn: Connection, units: Iterable[tuple[str, str | None]]) -> Directory:
    """The holders of these units' posts, and of the posts of their whole authorities."""
    wanted = set(units)
    named = sorted((authority, unit) for authority, unit in wanted if unit is not None)
    rows = await conn.fetch(
        Q["select_holdings_of_units"],
        [authority for authority, _ in named],
        [unit for _, unit in named],
        sorted({authority for authority, _ in wanted}),
    )
    return Directory(map(_holding, rows))


async def cases_concerned(conn: Connection, affected: Sequence[Affected], size: int) -> AsyncIterator[list[CaseKey]]:
    """The standing cases due where a post changed hands, in the order of locks, `size` at a time: in bounded memory
    however many there are."""
    cursor = await conn.cursor(
        Q["select_cases_concerned"],
        [a.authority for a in affected], [a.unit for a in affected],
        [a.since for a in affected], [a.until for a in affected],
    )  # fmt: skip
    while rows := await cursor.fetch(size):
        yield [CaseKey(row["authority"], row["matter"], row["case_id"]) for row in rows]


def _post(row: Record) -> PostKey:
    return PostKey(row["authority"], row["post"])


def _posts(posts: Iterable[PostKey]) -> tuple[list[str], list[str]]:
    posts = list(posts)
    return [p.authority for p in posts], [p.post for p in posts]


def _holding(row: Record) -> PostHolding:
    return PostHolding(
        _post(row), row["person"], row["role"], row["unit"], row["since"], row["until"], row["learned_at"]
    )
