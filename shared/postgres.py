"""Connections, named queries and migrations. One schema for each service, found by search_path; nothing here knows a
table.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool
Record = asyncpg.Record

PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCachedStatementError,
    OSError,
    TimeoutError,
)
"""What Postgres says when the fault lies with the moment and not with the statement: tried again for as long as it
takes.
"""

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 0x6475_6261_6E  # "duban"


class MigrationMismatch(RuntimeError):
    """An applied migration was edited, or the database is newer than this build."""


async def _initialise(conn: Connection) -> None:
    """JSON by orjson, in the binary format: COPY takes no other. Its jsonb is text behind a version byte."""
    await conn.set_type_codec("json", schema="pg_catalog", encoder=orjson.dumps, decoder=orjson.loads, format="binary")
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )


async def connect(dsn: str, schema: str, *, size: int = 5, command_timeout_s: float = 60) -> Pool:
    """A pool whose connections live in `schema`, in UTC, and give up on a lock or an idle transaction (D11)."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=command_timeout_s,
        timeout=10,
        init=_initialise,
        server_settings={
            "search_path": schema,
            "timezone": "UTC",
            "application_name": f"duban-{schema}",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "30s",
            "jit": "off",
        },
    )


def load_queries(file: Path) -> Mapping[str, str]:
    """The statements of a `queries.sql`, by name. Each is introduced by `-- name --` and a sentence that says what it
    asks.
    """
    parts = re.split(r"^-- (\w+) --$", file.read_text(), flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def migrations_of(directories: Sequence[Path]) -> list[tuple[str, str, str]]:
    """(name, sql, checksum) in the order of application: the shared tables first, then the service's own."""
    found = []
    for owner, directory in zip(("shared", "own"), directories, strict=True):
        for file in sorted(directory.glob("*.sql")):
            if not _MIGRATION.fullmatch(file.name):
                raise MigrationMismatch(f"{file.name} is not named 0001_verb_object.sql")
            sql = file.read_text()
            found.append((f"{owner}/{file.stem}", sql, hashlib.sha256(sql.encode()).hexdigest()))
    return found


async def migrate(dsn: str, schema: str, directory: Path) -> list[str]:
    """Bring `schema` up to date under an advisory lock; the names of what was applied. Raises MigrationMismatch."""
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn, timeout=10, command_timeout=300)
    try:
        async with conn.transaction():
            await conn.execute("select pg_advisory_xact_lock($1)", _LOCK)
            await conn.execute(f'create schema if not exists "{schema}"')
            await conn.execute(f'set local search_path to "{schema}"')
            await conn.execute(
                "create table if not exists migrations"
                "(name text primary key, checksum text not null, applied_at timestamptz not null default now())"
            )
            applied: dict[str, Any] = {
                row["name"]: row["checksum"] for row in await conn.fetch("select name, checksum from migrations")
            }
            known = migrations_of((MIGRATIONS, directory))
            if unknown := set(applied) - {name for name, _, _ in known}:
                raise MigrationMismatch(f"{schema} holds {sorted(unknown)}, which this build does not know")
            fresh = []
            for name, sql, checksum in known:
                if name in applied:
                    if applied[name] != checksum:
                        raise MigrationMismatch(f"{schema}: {name} was edited after it was applied")
                    continue
                await conn.execute(sql)
                await conn.execute("insert into migrations (name, checksum) values ($1, $2)", name, checksum)
                fresh.append(name)
            return fresh
    finally:
        await conn.close()
