"""Which tables are chained, and which of their columns are sealed: all but what finds or erases a row.

A column that is added to one of them later is added here, too, or named in `apart` with the reason
(tests/services/accountability/test_record_rows.py): what is null is left out of the spelling, so rows that stand keep
their hashes.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.accountability.record.chain import Spelled, chain_of, spelled
from shared.postgres import Connection, Record

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """A chained table. `about` is what its rows are about besides the authority: it chooses the chain."""

    name: str
    table: str
    row_id: str
    row_n: str
    about: str
    columns: tuple[str, ...]
    apart: tuple[str, ...] = ("xid",)

    @property
    def unsealed(self) -> str:
        """The rows of transactions in [$1, $2) that no seal names, as they stand."""
        return f"{self._unsealed} and r.xid >= $1 and r.xid < $2"

    @property
    def unsealed_at_all(self) -> str:
        """Those of any transaction."""
        return self._unsealed

    @property
    def _unsealed(self) -> str:
        return (
            f"select {self._selected} from {self.table} r where not exists (select from seals s where"
            f" s.row_id = r.{self.row_id} and s.row_n = {self._n} and s.kind = '{self.name}')"
        )

    @property
    def by_seals(self) -> str:
        """The rows that seals name; $3 are the places of the seals."""
        return (
            f"select u.place, {self._selected} from unnest($1::uuid[], $2::int[], $3::int[]) u(row_id, row_n, place)"
            f" join {self.table} r on r.{self.row_id} = u.row_id and {self._n} = u.row_n"
        )

    @property
    def _n(self) -> str:
        return f"r.{self.row_n}" if self.row_n else "0"

    @property
    def _selected(self) -> str:
        names = dict.fromkeys((*self.columns, "xid", self.row_id))
        return ", ".join([*(f"r.{name}" for name in names), f"{self._n} as row_n", f"{self.about} as about"])


CASE_EVENT = Kind(
    "case-event", "case_events", "case_id", "n", "r.matter",
    ("authority", "matter", "case_id", "n", "event_id", "type", "occurred_at", "cause_source", "cause_id", "says"),
)  # fmt: skip
DIRECTORY_FACT = Kind(
    "directory-fact", "directory_facts", "row_id", "", "r.post",
    (
        "authority", "post", "source", "event_id", "event", "kind", "occurred_at", "person", "role", "unit",
        "learned_at", "until", "acting", "other", "of_post", "unit_kind", "issued_at", "replaces_source", "replaces_id",
    ),
    apart=("xid", "row_id"),
)  # fmt: skip
TEXT = Kind(
    "text", "texts", "id", "", "r.matter",
    ("id", "authority", "matter", "case_id", "kind", "sha256", "kept_at"),
    apart=("xid", "salt", "body", "erased_at"),
)  # fmt: skip
READING = Kind(
    "reading", "readings", "reading_id", "", "case when r.matter = '' then r.person else r.matter end",
    ("reading_id", "authority", "matter", "person", "what", "cases", "about", "read_at"),
)  # fmt: skip
ACT = Kind(
    "act", "record_acts", "act_id", "", "r.matter",
    ("act_id", "authority", "matter", "act", "texts", "by_person", "confirms", "legal_basis", "ground", "acted_at"),
)  # fmt: skip
KINDS = CASE_EVENT, DIRECTORY_FACT, TEXT, READING, ACT


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a chained table: where it belongs, its key, what is sealed of it."""

    kind: Kind
    chain: int
    row_id: UUID
    row_n: int
    xid: int
    spelled: Spelled


def row_of(kind: Kind, record: Record) -> Row:
    """From a row of one of the kind's statements."""
    return Row(
        kind,
        chain_of(record["authority"], record["about"]),
        record[kind.row_id],
        record["row_n"],
        record["xid"],
        spelled(kind.name, {name: record[name] for name in kind.columns}),
    )


async def unsealed(conn: Connection, bounds: tuple[int, int] | None) -> AsyncIterator[list[Row]]:
    """What no seal names, page by page, of the transactions in `bounds` or of all; in a transaction."""
    for kind in KINDS:
        if bounds is None:
            cursor = await conn.cursor(kind.unsealed_at_all)
        else:
            cursor = await conn.cursor(kind.unsealed, *bounds)
        while records := await cursor.fetch(PAGE):
            yield [row_of(kind, record) for record in records]


async def of_seals(conn: Connection, seals: Sequence[Record]) -> list[Row | None]:
    """The rows that seals name, in their order; None where there is none any more."""
    found: list[Row | None] = [None] * len(seals)
    for kind in KINDS:
        named = [(seal["row_id"], seal["row_n"], n) for n, seal in enumerate(seals) if seal["kind"] == kind.name]
        if named:
            ids, numbers, places = map(list, zip(*named, strict=True))
            for record in await conn.fetch(kind.by_seals, ids, numbers, places):
                found[record["place"]] = row_of(kind, record)
    return found
