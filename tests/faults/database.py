"""A Postgres of a test's own, which it may kill, starve, copy and put back: the session's is everybody's."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from services.cli.providers import postgres
from services.cli.providers.process import Account, Child, Run, run
from services.cli.providers.waiting import start_on_a_free_port, until_answering


@dataclass
class Database:
    """One cluster. It keeps its port and its data over a restart."""

    run: Run
    binaries: Path
    home: Path
    account: Account | None
    password: str
    settings: Mapping[str, str]
    port: int = 0
    child: Child | None = field(default=None, repr=False)

    @property
    def dsn(self) -> str:
        return postgres.dsn(self.port, self.password)

    def start_on(self, port: int) -> Child:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.port = port
        self.child = self.run.start(
            "postgres",
            [self.binaries / "postgres", "-D", self.home / "data", f"--port={port}", *options],
            environment=postgres.plain_environment(),
            account=self.account,
            stop_signal=signal.SIGQUIT,
            cwd=self.home,
        )
        return self.child

    async def kill(self) -> None:
        """End it at once, without a checkpoint."""
        assert self.child is not None
        await self.run.stop(self.child)

    async def start(self) -> None:
        """Start it again where it was, whether it was killed or ended by itself."""
        assert self.child is not None
        if self.child in self.run.children:
            assert not self.child.running
            self.run.forget(self.child)
        await until_answering(self.start_on(self.port), self.port, self.answers, 30)

    async def answers(self, port: int) -> bool:
        return await postgres.answers(port, self.password)

    async def back_up(self, to: Path) -> None:
        """A cold copy of the data directory; it runs again afterwards."""
        await self.kill()
        copy(self.home / "data", to)
        await self.start()

    async def restore(self, backup: Path) -> None:
        """Put a copy in the place of the data; it runs again afterwards."""
        await self.kill()
        shutil.rmtree(self.home / "data")
        copy(backup, self.home / "data")
        await self.start()

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
        account = postgres.nobody() if os.geteuid() == 0 else None
        home = home or current.directory / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        if account:
            os.chown(home, account.uid, account.gid)
            current.directory.chmod(0o711)
        binaries = postgres.find_binaries(current, account)
        password = secrets.token_urlsafe(24)
        await postgres.make_cluster(current, binaries, home, account, password)
        chosen = postgres.SETTINGS | {"fsync": "off"} | settings  # the machine stays up; what is committed stays
        database = Database(current, binaries, home, account, password, chosen)
        await start_on_a_free_port(current, database.start_on, database.answers, 30)
        await postgres.create_database(database.port, password)
        yield database


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection for a few questions."""
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn, timeout=10)
    try:
        yield conn
    finally:
        await conn.close()
