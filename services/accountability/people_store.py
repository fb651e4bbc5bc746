"""What pseudonyms stand for (D19): in this table alone, read where somebody may see it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.accountability.directory_store import Q
from shared.postgres import Connection


async def write(conn: Connection, names: Sequence[tuple[str, str]], now: datetime, by: str) -> None:
    """Keep names, each once; the former ones are forgotten."""
    of = dict(names)
    await conn.execute(Q["upsert_people"], list(of), list(of.values()), now, by)


async def names_of(conn: Connection, persons: Iterable[str | None]) -> dict[str, str]:
    """The names of those that have one here."""
    wanted = sorted({person for person in persons if person is not None})
    if not wanted:
        return {}
    return {row["person"]: row["name"] for row in await conn.fetch(Q["select_people"], wanted)}


async def forget(conn: Connection, person: str) -> bool:
    """Whether there was a name to forget."""
    status: str = await conn.execute(Q["delete_person"], person)
    return status != "DELETE 0"
