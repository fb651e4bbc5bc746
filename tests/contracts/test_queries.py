"""The statements of every service fit its schema, and its schema is what its migrations make."""

import ast
import re
from pathlib import Path

import pytest

from shared.postgres import connect, load_queries, migrate
from tests.support import schema
from tests.support.schema import ROOT

SERVICES = schema.services()
WITH_QUERIES = sorted(file.parts[-3] for file in ROOT.glob("services/*/sql/queries.sql"))


def files(service: str) -> list[Path]:
    """Its files of statements: queries.sql, and one for each noun that has many."""
    return sorted(file for file in (ROOT / "services" / service / "sql").glob("*.sql") if file.name != "schema.sql")


def statements(service: str) -> dict[str, str]:
    return {name: text for file in files(service) for name, text in load_queries(file).items()}


def test_every_service_with_statements_has_migrations() -> None:
    assert set(WITH_QUERIES) <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_schema_is_what_the_migrations_make(database: str, service: str) -> None:
    made = await schema.migrated(database, service)
    assert schema.snapshot_file(service).read_text() == made, "run `python -m tests.support.schema`"


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_are_applied_once(database: str, service: str) -> None:
    directory = ROOT / "services" / service / "migrations"
    applied = await migrate(database, service, directory)
    assert applied[0] == "shared/0001_create_outbox_and_inbox"
    assert f"own/{min(directory.glob('*.sql')).stem}" in applied
    assert await migrate(database, service, directory) == []


@pytest.mark.parametrize("service", WITH_QUERIES)
async def test_every_statement_can_be_prepared(database: str, service: str) -> None:
    await migrate(database, service, ROOT / "services" / service / "migrations")
    pool = await connect(database, service, size=1)
    try:
        async with pool.acquire() as conn:
            for statement in statements(service).values():
                await conn.prepare(statement)
    finally:
        await pool.close()


@pytest.mark.parametrize("service", WITH_QUERIES)
def test_every_statement_is_introduced_by_a_sentence_and_named_once(service: str) -> None:
    names = [n for file in files(service) for n in re.findall(r"^-- (\w+) --$", file.read_text(), flags=re.MULTILINE)]
    assert len(names) == len(set(names)) > 0
    for name, statement in statements(service).items():
        first, _, rest = statement.partition("\n")
        assert re.fullmatch(r"-- [^ ].{10,}", first), f"{name}: {first}"
        assert rest.strip(), name


@pytest.mark.parametrize("service", WITH_QUERIES)
def test_every_statement_is_used(service: str) -> None:
    used = {
        node.value
        for file in (ROOT / "services" / service).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(statements(service)) - used == set()


@pytest.mark.parametrize("service", WITH_QUERIES)
def test_business_time_is_a_parameter_of_every_statement(service: str) -> None:
    """`now()` and `current_date` are the database's, which the movable clock does not govern; leases and retries say
    `clock_timestamp()` or `statement_timestamp()` on purpose.
    """
    clocks = re.compile(r"\b(now\s*\(|current_(date|time)|localtime|transaction_timestamp)")
    speaking = {name for name, text in statements(service).items() if clocks.search(re.sub(r"--.*", "", text).lower())}
    assert speaking == set()


@pytest.mark.parametrize("file", sorted(ROOT.glob("**/migrations/*.sql")), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_migration_is_numbered_named_and_leaves_the_schema_to_the_runner(file: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z]+_[a-z0-9_]+\.sql", file.name)
    code = re.sub(r"--.*|'[^']*'", "", file.read_text()).lower()
    assert "search_path" not in code
    assert not re.search(r"\b(drop table|truncate)\b", code)
