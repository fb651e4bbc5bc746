"""A Postgres of a test's own, which it may kill, starve, copy and put back: the session's is everybody's."""

import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from services.cli.providers import postgres
from services.cli.providers.postgres import Server
from services.cli.providers.process import run


@dataclass
class Database(Server):
    """One cluster that can be ended, copied and put back."""

    async def kill(self) -> None:
        """End it at once, without a checkpoint."""
        assert self.child is not None
        await self.run.stop(self.child)

    async def back_up(self, to: Path) -> None:
        """A cold copy of the data directory; it runs again afterwards."""
        await self.kill()
        copy(self.home / "data", to)
        await self.restart()

    async def restore(self, backup: Path) -> None:
        """Put a copy in the place of the data; it runs again afterwards."""
        await self.kill()
        shutil.rmtree(self.home / "data")
        copy(backup, self.home / "data")
        await self.restart()

    def program(self, name: str, *arguments: str | Path) -> None:
        """Run one of Postgres' own programs against the database."""
        environment = {**postgres.plain_environment(), "PGPASSWORD": self.password, "PGSSLMODE": "disable"}
        place = ["-h", "127.0.0.1", "-p", str(self.port), "-U", postgres.ROLE, "-d", postgres.DATABASE]
        done = subprocess.run(
            [self.binaries / name, *place, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def copy(one: Path, other: Path) -> None:
    """A directory with its owners."""
    subprocess.run(["cp", "-a", one, other], check=True)


@contextlib.asynccontextmanager
async def open_database(home: Path | None = None, **settings: str) -> AsyncIterator[Database]:
    """A new cluster that answers, in `home` or the run's directory; gone at the end. `settings` are Postgres' own."""
    async with run() as current:
        chosen = postgres.SETTINGS | {"fsync": "off"} | settings  # the machine stays up; what is committed stays
        yield await Database.create(current, chosen, home=home)


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection for a few questions."""
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn, timeout=10)
    try:
        yield conn
    finally:
        await conn.close()
