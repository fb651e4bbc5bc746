"""What the services hold about a log's matters, read through the views they offer for reports."""

import csv
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path

import asyncpg

from services.cli.migrate import SERVICES
from services.cli.replay.report import COLUMNS, Case, Clock, Totals, row_of
from shared.postgres import Connection

PAGE = 1000

_MATTERS = "create temporary table replayed_matters (matter text primary key)"
_CLOCKS = """
select r.matter, r.clock, r.subject, r.due_on, r.due_at, r.late_from, r.zone, r.done_on, r.done_at, r.done_kind,
    c.case_id, c.direct, c.leading, c.principal
from deadline.report r
join replayed_matters m on m.matter = r.matter
left join accountability.report c on c.authority = r.authority and c.matter = r.matter and c.clock = r.clock
    and c.subject = r.subject and c.late_from = r.late_from and c.state = 'standing'
where r.authority = $1 and r.applies and r.subject not like 'case:%'
order by r.matter collate "C", r.clock collate "C", r.subject collate "C"
"""
_STANDING = """
select count(*) from accountability.report c join replayed_matters m on m.matter = c.matter
where c.authority = $1 and c.state = 'standing' and c.subject not like 'case:%' and c.late_from <= $2
"""


async def clocks_of(conn: Connection, authority: str) -> AsyncIterator[Clock]:
    """Every clock of the matters named by `name_matters` that has a due, in the report's order. In a transaction."""
    async for row in conn.cursor(_CLOCKS, authority, prefetch=PAGE):
        case = None
        if row["case_id"] is not None:
            case = Case(str(row["case_id"]), row["direct"], row["leading"], row["principal"])
        yield Clock(
            matter=row["matter"],
            clock=row["clock"],
            subject=row["subject"],
            due=row["due_on"] or row["due_at"],
            late_from=row["late_from"],
            zone=row["zone"],
            done=row["done_on"] or row["done_at"],
            withdrawn=row["done_kind"] == "withdrawn",
            case=case,
        )


async def name_matters(conn: Connection, matters: Iterable[str]) -> None:
    """Restrict what follows on this connection to the log's own matters."""
    await conn.execute(_MATTERS)
    await conn.copy_records_to_table("replayed_matters", records=((matter,) for matter in matters))
    await conn.execute("analyze replayed_matters")
    await conn.execute("set enable_nestloop = off")  # the services' tables are fresh: no statistics yet


async def write_report(
    dsn: str, authority: str, matters: Iterable[str], as_of: datetime, path: Path
) -> tuple[Totals, int]:
    """Write the report, whole or not at all; its totals, and how many cases stand for those matters as of then."""
    conn: Connection = await asyncpg.connect(dsn, timeout=10, command_timeout=300)
    partial = path.with_name(f".{path.name}.partial")
    totals = Totals()
    try:
        await name_matters(conn, matters)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            with partial.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                async for clock in clocks_of(conn, authority):
                    row = row_of(clock, as_of)
                    writer.writerow(row)
                    totals.count(row)
            standing: int = await conn.fetchval(_STANDING, authority, as_of)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        await conn.close()
    return totals, standing


async def count_dead_letters(conn: Connection) -> int:
    """Messages that a service could not process, of all services."""
    counts = " + ".join(f"(select count(*) from {service}.dead_letters)" for service in SERVICES)
    count: int = await conn.fetchval(f"select {counts}")
    return count
