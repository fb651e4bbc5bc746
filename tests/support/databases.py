"""Databases with the services' schemas, lent to one test after another: migrating one takes longer than most tests.

A test that is done leaves its database as the migrations left it: their rows, nothing else, sequences at the beginning.
Whatever it changed of the schemas themselves ends that database's use: the next test gets another.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.postgres import Connection, migrate

SERVICES = Path(__file__).resolve().parents[2] / "services"
SHAPE = """
with ours as (select oid from pg_namespace where nspname = any($1)), shape (kind, oid, n, says) as (
    select 'relation', oid, 0, relname::text from pg_class where relnamespace in (select oid from ours)
    union all select 'column', attrelid, attnum, row(attname, atttypid, attnotnull, atthasdef)::text from pg_attribute
        where attrelid in (select oid from pg_class where relnamespace in (select oid from ours))
    union all select 'constraint', oid, 0, row(conname, convalidated)::text from pg_constraint
        where connamespace in (select oid from ours)
    union all select 'trigger', oid, 0, row(tgname, tgenabled)::text from pg_trigger where not tgisinternal
    union all select 'function', oid, 0, md5(prosrc) from pg_proc where pronamespace in (select oid from ours)
)
select md5(string_agg(row(s.*)::text, ',' order by s.*)) from shape s
"""
"""What a test might change of schemas."""


async def execute(dsn: str, statement: str) -> None:
    """One statement on a connection of its own."""
    connection: Connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def created(server: str) -> AsyncIterator[str]:
    """The DSN of a new and empty database."""
    name = f"test_{secrets.token_hex(6)}"
    await execute(server, f"create database {name}")
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    await execute(server, f"drop database {name} with (force)")


@dataclass
class Migrated:
    """A database with schemas; `restore` makes it what the migrations made it."""

    dsn: str
    services: Sequence[str]
    restore: str = ""
    shape: str = ""

    async def remember(self) -> None:
        """Note what it is now."""
        conn: Connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            self.shape = await self._shape(conn)
            tables = [row[0] for row in await conn.fetch(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = any($1)", self.services
            )]  # fmt: skip
            sequences = await conn.fetch(
                "select format('%L, %s, false', format('%I.%I', schemaname, sequencename), start_value)"
                " from pg_sequences where schemaname = any($1)",
                self.services,
            )
            await conn.execute("create schema kept")
            statements = [f"delete from {table}" for table in tables]
            for n, table in enumerate(tables):
                if await conn.fetchval(f"select exists (select from {table})"):
                    await conn.execute(f"create table kept.rows_{n} as table {table}")
                    statements.append(f"insert into {table} overriding system value table kept.rows_{n}")
            statements += [f"select setval({row[0]})" for row in sequences]
            statements.append("select lo_unlink(oid) from pg_largeobject_metadata")
            self.restore = ";\n".join(["set session_replication_role = replica", *statements])
        finally:
            await conn.close()

    async def restored(self) -> bool:
        """Put it back; whether it is now what it was."""
        conn: Connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            for row in await conn.fetch(
                "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> all($1)",
                [*self.services, "kept", "public", "information_schema"],
            ):
                await conn.execute(f"drop schema {row[0]} cascade")
            if await self._shape(conn) != self.shape:
                return False
            await conn.execute(self.restore)
            return True
        finally:
            await conn.close()

    async def _shape(self, conn: Connection) -> str:
        shape: str = await conn.fetchval(SHAPE, self.services)
        return shape


@dataclass
class Databases:
    """The migrated databases of one server that no test has now."""

    server: str
    idle: dict[tuple[str, ...], list[Migrated]] = field(default_factory=dict)

    @asynccontextmanager
    async def lent(self, *services: str) -> AsyncIterator[str]:
        """The DSN of a database with the schemas of these services and nothing in them."""
        idle = self.idle.setdefault(services, [])
        database = idle.pop() if idle else await self._new(services)
        yield database.dsn
        if await database.restored():
            idle.append(database)
        else:
            await execute(self.server, f"drop database {urlsplit(database.dsn).path[1:]} with (force)")

    async def _new(self, services: Sequence[str]) -> Migrated:
        name = f"test_{secrets.token_hex(6)}"
        await execute(self.server, f"create database {name}")
        database = Migrated(urlunsplit(urlsplit(self.server)._replace(path=f"/{name}")), services)
        for service in services:
            await migrate(database.dsn, service, SERVICES / service / "migrations")
        await database.remember()
        return database
