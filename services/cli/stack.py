"""The four services on some infrastructure: topics and schemas made, processes started, ready, stopped together.

Who asks them must say who they are: the stack makes keys for the run, unless told that others issue the tokens. Where
the services answer, and the run's own key, is written to a small file that only this user reads, in the directory for
temporary files, so that `duban explain`, `duban case` and `duban token` find them; it is removed at the end.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import asyncpg

from services.cli.config import inherited_environment
from services.cli.migrate import SERVICES, migrate_all
from services.cli.providers import Infrastructure, free_port
from services.cli.record_key import written_key
from services.cli.run_identity import RunIdentity, token_of
from services.cli.supervisor import OnRestart, Service, Supervisor, supervise
from services.cli.topics import ensure_topics
from shared.clock import create_simulated
from shared.identity.roles import Role

ClockKind = Literal["wall", "simulated"]


@dataclass(frozen=True)
class Stack:
    """The services, ready."""

    infrastructure: Infrastructure
    supervisor: Supervisor
    prefix: str
    identity: RunIdentity | None = None
    """None where somebody else issues the tokens."""

    @property
    def urls(self) -> dict[str, str]:
        """Where each service answers."""
        return {name: f"http://127.0.0.1:{service.port}" for name, service in self.supervisor.services.items()}

    def token(self, person: str, *roles: Role) -> str | None:
        """A token that this stack takes; None where somebody else issues them."""
        return None if self.identity is None else self.identity.token(person, *roles)


@contextlib.asynccontextmanager
async def start_stack(
    infrastructure: Infrastructure,
    *,
    clock: ClockKind,
    prefix: str = "",
    start: datetime | None = None,
    catalogues: Sequence[Path] = (),
    settings: Mapping[str, str] | None = None,
    on_restart: OnRestart | None = None,
    own_identity: bool = True,
) -> AsyncIterator[Stack]:
    """Make topics and schemas, start the services and wait until each is ready.

    A simulated clock stands at `start`. `catalogues` replace the shipped one; `settings` are further DUBAN_… variables.
    With `own_identity` the tokens that count are those of the run; else those that the environment says.
    """
    await ensure_topics(infrastructure.kafka, prefix, access=infrastructure.access)
    await migrate_all(infrastructure.postgres)
    if clock == "simulated":
        if start is None:
            raise ValueError("a simulated clock must stand somewhere")
        await _create_clock(infrastructure.postgres, start)
    common = {
        "DUBAN_KAFKA": infrastructure.kafka,
        "DUBAN_POSTGRES": infrastructure.postgres,
        "DUBAN_POSTGRES_FILE": "",
        "DUBAN_CLOCK": clock,
        "DUBAN_TOPIC_PREFIX": prefix,
        **infrastructure.settings,
    }
    if catalogues:
        common["DUBAN_INTAKE_CATALOGUES"] = os.pathsep.join(map(str, catalogues))
    identity = RunIdentity(infrastructure.directory) if own_identity else None
    if identity is not None:
        common |= identity.settings
    if infrastructure.name != "external":
        common |= {"DUBAN_KAFKA_SECURITY": "PLAINTEXT", "DUBAN_KAFKA_CERT": "", "DUBAN_KAFKA_KEY": ""}
    if not inherited_environment().get("DUBAN_RECORD_KEY"):
        common["DUBAN_RECORD_KEY"] = str(written_key(infrastructure.directory))
    services = []
    for name in SERVICES:
        port = free_port()
        services.append(Service(name, port, {**common, "DUBAN_HTTP_PORT": str(port), **(settings or {})}))
    async with supervise(infrastructure.run, services, on_restart) as supervisor:
        await supervisor.ready()
        yield Stack(infrastructure, supervisor, prefix, identity)


async def _create_clock(dsn: str, start: datetime) -> None:
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn, timeout=10)
    try:
        await create_simulated(conn, start)
    finally:
        await conn.close()


def _state_file() -> Path:
    return Path(tempfile.gettempdir()) / f"duban-{os.getuid()}.json"


@contextlib.contextmanager
def announced(stack: Stack) -> Iterator[None]:
    """Let other commands of this user find the services while the block runs."""
    path = _state_file()
    key = None if stack.identity is None else stack.identity.private
    mine = {"pid": os.getpid(), "services": stack.urls, "key": key}
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.stem, delete=False) as file:  # mode 0600
        json.dump(mine, file)
    Path(file.name).replace(path)
    try:
        yield
    finally:
        if _read_state() == mine:
            path.unlink()


def announced_urls() -> dict[str, str]:
    """Where the services of this user's running `duban up` or `duban demo` answer; empty when none runs."""
    match _read_state():
        case {"pid": int(pid), "services": dict(urls)}:
            try:
                os.kill(pid, 0)
            except (ProcessLookupError, PermissionError):
                return {}
            return urls
    return {}


def announced_token(person: str = "duban", *roles: Role) -> str | None:
    """What to ask these services with: as that person, or as somebody who may only read. None where others issue the
    tokens."""
    match _read_state():
        case {"key": dict(key)}:
            return token_of(key, person, *(roles or (Role.AUDITOR,)))
    return None


def _read_state() -> object:
    """What the file says, if it is ours: anyone may write into the directory for temporary files."""
    try:
        descriptor = os.open(_state_file(), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor) as file:
        if os.fstat(descriptor).st_uid != os.getuid():
            return None
        try:
            return json.load(file)
        except ValueError:
            return None
