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
import structlog

from shared.errors import WrongEnvironment

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
    asyncpg.InternalClientError,  # a connection whose end was read but not yet noticed
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
    OSError,
    TimeoutError,
)
"""What Postgres says when the fault lies with the moment and not with the statement: tried again for as long as it
takes.
"""

_ENVIRONMENT = (
    WrongEnvironment,
    asyncpg.SyntaxOrAccessError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.PostgresSystemError,
    asyncpg.ConfigFileError,
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
)

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 0x6475_6261_6E  # "duban"
log = structlog.get_logger()


class MigrationMismatch(WrongEnvironment):
    """The schema is not what this build's migrations make."""


def is_environmental(error: BaseException) -> bool:
    """Whether a fault lies with the deployment: a table or a privilege that is missing, a database that is read-only.
    No message is its cause and none is better off buried; it ends the process.
    """
    return isinstance(error, _ENVIRONMENT) and not isinstance(error, PASSING)


_made = 0


def connections_made() -> int:
    """How many this process has opened so far. Only over a new one can the database be another than it was: restored,
    or a standby that was promoted."""
    return _made


async def _initialise(conn: Connection) -> None:
    """JSON by orjson, in the binary format: COPY takes no other. Its jsonb is text behind a version byte."""
    global _made
    _made += 1
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


async def check_migrated(dsn: str, schema: str, directory: Path) -> None:
    """Raise MigrationMismatch unless all of this build's migrations are applied, as they stand. Later ones may be:
    migrations only add, and an older build goes on beside the one that is being deployed.
    """
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
    try:
        if not await conn.fetchval("select to_regclass($1) is not null", f'"{schema}".migrations'):
            raise MigrationMismatch(f"the database has no schema {schema}: run `duban migrate`")
        rows = await conn.fetch(f'select name, checksum from "{schema}".migrations')
    finally:
        await conn.close()
    applied = {row["name"]: row["checksum"] for row in rows}
    known = {name: checksum for name, _, checksum in migrations_of((MIGRATIONS, directory))}
    if missing := sorted(set(known) - set(applied)):
        raise MigrationMismatch(f"{schema} lacks {', '.join(missing)}: run `duban migrate`")
    if edited := sorted(name for name in known if applied[name] != known[name]):
        raise MigrationMismatch(
            f"{schema}: {', '.join(edited)} was edited after it was applied: run the build that applied it, or make the"
            " database anew and run `duban migrate`"
        )
    if newer := sorted(set(applied) - set(known)):
        log.warning("schema_newer", schema=schema, unknown=newer)
