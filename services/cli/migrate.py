"""`duban migrate`: bring the schemas of the four services up to date. A service itself never migrates."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

SERVICES = ("intake", "deadline", "accountability", "notification")
"""Every service; its schema has its name."""
_SERVICES = Path(__file__).resolve().parent.parent


async def migrate_all(dsn: str) -> dict[str, list[str]]:
    """Apply what is missing; for each schema the names of what was. Raises MigrationMismatch."""
    from shared.postgres import migrate as migrate_schema

    return {name: await migrate_schema(dsn, name, _SERVICES / name / "migrations") for name in SERVICES}


def migrate(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Bring the database DUBAN_POSTGRES up to date."""
    import asyncpg

    from services.cli.config import settings_for
    from shared.postgres import MigrationMismatch

    settings = settings_for("migrate")
    if settings.postgres is None:
        typer.echo("duban migrate: DUBAN_POSTGRES is not set: say where the database is, as a DSN", err=True)
        raise typer.Exit(2)
    try:
        applied = asyncio.run(migrate_all(settings.postgres))
    except asyncpg.ClientConfigurationError as error:
        typer.echo(f"duban migrate: DUBAN_POSTGRES: {error}", err=True)
        raise typer.Exit(2) from None
    except (MigrationMismatch, OSError, asyncpg.PostgresError) as error:
        typer.echo(f"duban migrate: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(applied))
        return
    for name, migrations in applied.items():
        typer.echo(f"{name}: {', '.join(migrations) or 'up to date'}")
