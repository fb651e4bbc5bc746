"""Facts of the directory and what is derived of them, in Postgres."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from services.accountability.rules.directory import Directory, Leave, PostHolding, Unit, UnitPlace, Vacancy
from services.accountability.rules.directory_changes import Affected
from services.accountability.rules.directory_entries import Entry
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_model import Conflict
from services.accountability.rules.model import CaseKey, Ref
from services.accountability.store import copy
from shared.postgres import Connection, Record, load_queries

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
Q = load_queries(Path(__file__).parent / "sql" / "directory.sql")


async def add_facts(conn: Connection, facts: Sequence[DirectoryFact]) -> set[tuple[PostKey, Ref]]:
    """Keep them; those that were not known yet."""
    rows = await conn.fetch(
        Q["add_directory_facts"], [f.post.authority for f in facts], [f.post.post for f in facts],
        [f.ref.source for f in facts], [f.ref.id for f in facts], [f.event for f in facts], [f.kind for f in facts],
        [f.at for f in facts], [f.person for f in facts], [f.role for f in facts], [f.unit for f in facts],
        [f.learned_at for f in facts], [f.until for f in facts], [f.acting for f in facts], [f.other for f in facts],
        [f.of_post for f in facts], [f.unit_kind for f in facts], [f.issued_at for f in facts],
        [f.replaces and f.replaces.source for f in facts], [f.replaces and f.replaces.id for f in facts],
    )  # fmt: skip
    return {(_post(row), Ref(row["source"], row["event_id"])) for row in rows}


async def facts_of(conn: Connection, entries: Collection[PostKey]) -> dict[PostKey, list[DirectoryFact]]:
    """Every fact about these entries."""
    found: dict[PostKey, list[DirectoryFact]] = {entry: [] for entry in entries}
    for row in await conn.fetch(Q["select_directory_facts"], *keys(entries)):
        found[_post(row)].append(_fact(row))
    return found


async def replace_entries(conn: Connection, derived: Mapping[PostKey, Entry]) -> None:
    """Write what these entries amount to anew."""
    await conn.execute(Q["delete_entries"], *keys(derived))
    entries = derived.values()
    await copy(
        conn, "holdings",
        ("authority", "post", "since", "until", "person", "role", "unit", "learned_at", "acting", "known_since"),
        ((*h.post, h.since, h.until, h.person, h.role, h.unit, h.learned_at, h.acting, h.known_since)
         for e in entries for h in e.holdings),
    )  # fmt: skip
    await copy(
        conn, "vacancies", ("authority", "post", "since", "until", "role", "unit", "known_since"),
        ((*v.post, v.since, v.until, v.role, v.unit, v.known_since) for e in entries for v in e.vacancies),
    )  # fmt: skip
    await copy(
        conn, "posts", ("authority", "post", "since", "until", "role", "unit", "learned_at"),
        ((*t.entry, t.since, t.until, t.role, t.unit, t.learned_at) for e in entries for t in e.terms),
    )  # fmt: skip
    await copy(
        conn, "unit_places", ("authority", "unit", "since", "until", "parent", "kind", "learned_at", "known_since"),
        ((*p.entry, p.since, p.until, p.parent, p.kind, p.learned_at, p.known_since)
         for e in entries for p in e.places),
    )  # fmt: skip
    await copy(
        conn, "leaves", ("authority", "person", "since", "of_post", "until", "deputy", "learned_at", "known_since"),
        ((*v.entry, v.since, v.of_post or "", v.until, v.deputy, v.learned_at, v.known_since)
         for e in entries for v in e.leaves),
    )  # fmt: skip
    await _add_conflicts(conn, [conflict for e in entries for conflict in e.conflicts])


async def replace_rings(conn: Connection, authorities: Collection[str], rings: Iterable[Conflict]) -> None:
    """Write anew where the units of these authorities stand below themselves."""
    await conn.execute(Q["delete_rings"], list(authorities))
    await _add_conflicts(conn, rings)


async def _add_conflicts(conn: Connection, conflicts: Iterable[Conflict]) -> None:
    await copy(
        conn, "directory_conflicts", ("authority", "entry", "code", "at", "source", "event_id", "detail"),
        ((*c.entry, c.code, c.at, *(c.ref or ("", "")), c.detail) for c in conflicts),
    )  # fmt: skip


async def directory_of(
    conn: Connection, units: Iterable[tuple[str, str | None]], at: Collection[datetime] = ()
) -> Directory:
    """The holders of these units' posts, of those above them and of their whole authorities, with their leaves: one
    question, however many units. `at`: the instants that will be asked for, any unless given; in a storm all misses
    are of one, and of each post's history one holder is read."""
    directory = Directory(())
    wanted = set(units)
    await load(conn, directory, wanted, {authority for authority, _ in wanted}, min(at, default=EARLIEST),
               max(at, default=LATEST))  # fmt: skip
    return directory


async def load(
    conn: Connection,
    directory: Directory,
    units: Iterable[Unit],
    authorities: Iterable[str],
    since: datetime,
    until: datetime,
) -> int:
    """Let a directory know what is to be known of these units, those above them, and the posts of whole authorities,
    in a span of time. How much that was, in rows."""
    named = sorted((authority, unit) for authority, unit in units if unit is not None)
    rows = await conn.fetch(
        Q["select_directory"], [authority for authority, _ in named], [unit for _, unit in named],
        sorted(authorities), since, until,
    )  # fmt: skip
    holdings: list[PostHolding] = []
    places: list[UnitPlace] = []
    leaves: list[Leave] = []
    vacancies: list[Vacancy] = []
    for what, authority, entry, began, ended, learned_at, known_since, person, role, unit, acting in rows:
        key = PostKey(authority, entry)
        match what:
            case "holding":
                holdings.append(PostHolding(key, person, role, unit, began, ended, learned_at, known_since, acting))
            case "place":
                places.append(UnitPlace(key, unit, person, began, ended, learned_at, known_since))
            case "leave":
                leaves.append(Leave(key, began, ended, person, unit, learned_at, known_since))
            case _:
                vacancies.append(Vacancy(key, role, unit, began, ended, known_since))
    directory.take(holdings, places, leaves, vacancies)
    return len(rows)


async def versions_of(conn: Connection, authorities: Collection[str]) -> dict[str, UUID]:
    """Which directory each authority has: another one after every fact, and none before the first."""
    rows = await conn.fetch(Q["select_directory_versions"], list(authorities))
    return {row["authority"]: row["version"] for row in rows}


async def holdings_of_persons(conn: Connection, persons: Collection[PostKey]) -> dict[PostKey, list[PostHolding]]:
    """The holdings of persons within an authority, each."""
    found: dict[PostKey, list[PostHolding]] = {person: [] for person in persons}
    for row in await conn.fetch(Q["select_holdings_of_persons"], *keys(persons)):
        found[PostKey(row["authority"], row["person"])].append(holding(row))
    return found


async def places_of(conn: Connection, authorities: Collection[str]) -> dict[str, list[UnitPlace]]:
    """Where all units of these authorities stood."""
    found: dict[str, list[UnitPlace]] = {authority: [] for authority in authorities}
    for row in await conn.fetch(Q["select_places"], list(authorities)):
        found[row["authority"]].append(place(row))
    return found


async def units_above(conn: Connection, units: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Of every unit that ever stood below one of these: which of these."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in await conn.fetch(Q["select_units_below"], [a for a, _ in units], [u for _, u in units]):
        found.setdefault((row["authority"], row["unit"]), []).append(row["top"])
    return {unit: sorted(tops) for unit, tops in found.items()}


async def cases_concerned(
    conn: Connection, affected: Sequence[Affected], below: Collection[tuple[str, str]], size: int
) -> AsyncIterator[list[CaseKey]]:
    """The standing cases that may be concerned, in the order of locks, `size` at a time: in bounded memory however many
    there are. `below`: units whose cases are concerned although no span is of them."""
    spans: dict[str, tuple[datetime, datetime | None, bool]] = {}
    for a in affected:
        since, until, wide = spans.get(a.authority, (a.since, a.until, False))
        last = None if until is None or a.until is None else max(until, a.until)
        spans[a.authority] = min(since, a.since), last, wide or a.unit is None
    units = {unit for _, unit in below} | {a.unit for a in affected if a.unit is not None}
    cursor = await conn.cursor(
        Q["select_cases_concerned"],
        list(spans), [s for s, _, _ in spans.values()], [u for _, u, _ in spans.values()],
        [w for _, _, w in spans.values()], sorted(units),
    )  # fmt: skip
    while rows := await cursor.fetch(size):
        yield [CaseKey(row["authority"], row["matter"], row["case_id"]) for row in rows]


async def count_conflicts(conn: Connection) -> int:
    """How many facts do not fit others."""
    count: int = await conn.fetchval(Q["count_conflicts"])
    return count


def keys(entries: Iterable[PostKey]) -> tuple[list[str], list[str]]:
    """As parameters of a statement."""
    found = list(entries)
    return [entry.authority for entry in found], [entry.post for entry in found]


def holding(row: Record) -> PostHolding:
    """A row of holdings."""
    return PostHolding(
        _post(row), row["person"], row["role"], row["unit"], row["since"], row["until"], row["learned_at"],
        row["known_since"] or row["learned_at"], row["acting"],
    )  # fmt: skip


def place(row: Record) -> UnitPlace:
    """A row of unit_places."""
    entry = PostKey(row["authority"], row["unit"])
    return UnitPlace(
        entry, row["parent"], row["kind"], row["since"], row["until"], row["learned_at"],
        row["known_since"] or row["learned_at"],
    )  # fmt: skip


def _post(row: Record) -> PostKey:
    return PostKey(row["authority"], row["post"])


def _fact(row: Record) -> DirectoryFact:
    replaces = None if row["replaces_id"] is None else Ref(row["replaces_source"], row["replaces_id"])
    return DirectoryFact(
        _post(row), Ref(row["source"], row["event_id"]), row["event"], row["kind"], row["occurred_at"], row["person"],
        row["role"], row["unit"], row["learned_at"], row["until"], row["acting"], row["other"], row["of_post"],
        row["unit_kind"], row["issued_at"], replaces,
    )  # fmt: skip
