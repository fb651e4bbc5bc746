"""A Postgres that takes TLS only: migrated and used with sslmode=verify-full, and believed by its certificate alone."""

import os
import secrets
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from services.cli.migrate import SERVICES, migrate_all
from services.cli.providers import postgres
from services.cli.providers.process import Child, run
from services.cli.providers.waiting import start_on_a_free_port
from shared.exposure import refuse_exposure
from shared.postgres import connect
from shared.settings import ServiceSettings
from tests.support.certificates import Authority

WITHOUT = b"SSL is not supported by this build"
"""Says a Postgres that was built so; the text stands in no other's binary."""


class Server:
    """Where it answers, and who signed its certificate."""

    def __init__(self, port: int, password: str, authority: Authority) -> None:
        self.port = port
        self.password = password
        self.authority = authority

    def dsn(self, host: str = "127.0.0.1", **parameters: str) -> str:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        return f"postgresql://{postgres.ROLE}:{self.password}@{host}:{self.port}/postgres?{query}"

    @property
    def safe(self) -> str:
        return self.dsn(sslmode="verify-full", sslrootcert=str(self.authority.file))


def built_with_tls() -> Path:
    """The directory of a Postgres that speaks TLS. The wheel's is built without, so it is the system's."""
    for place in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (place / "initdb").exists() and WITHOUT not in (place / "postgres").read_bytes():
            return place
    pytest.skip("no Postgres built with TLS (Debian: postgresql): sslmode=verify-full was not tried on a real server")


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    authority, password = Authority(tmp_path_factory.mktemp("certificates")), secrets.token_hex()
    issued = authority.issue("postgres", "127.0.0.1")
    account = postgres.nobody() if os.geteuid() == 0 else None
    async with run() as current:
        home = current.directory / "postgres"
        home.mkdir(mode=0o700)
        if account:
            current.directory.chmod(0o711)
            os.chown(home, account.uid, account.gid)
        binaries = built_with_tls()
        await postgres.make_cluster(current, binaries, home, account, password)
        for source, name in ((issued.cert, "server.crt"), (issued.key, "server.key")):
            shutil.copyfile(source, home / name)
            (home / name).chmod(0o600)
            if account:
                os.chown(home / name, account.uid, account.gid)
        (home / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        tls = {"ssl": "on", "ssl_cert_file": str(home / "server.crt"), "ssl_key_file": str(home / "server.key")}
        options = [f"--{name}={value}" for name, value in (postgres.SETTINGS | postgres.NOT_DURABLE | tls).items()]

        def start(port: int) -> Child:
            command: list[str | Path] = [binaries / "postgres", "-D", home / "data", f"--port={port}", *options]
            environment = postgres.plain_environment()
            return current.start("postgres", command, environment=environment, account=account, cwd=home)

        async def answers(port: int) -> bool:
            try:
                found = await asyncpg.connect(Server(port, password, authority).safe, timeout=5)
            except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
                return False
            await found.close()
            return True

        yield Server(await start_on_a_free_port(current, start, answers, postgres.START_LIMIT_S), password, authority)


async def test_everything_of_ours_goes_over_tls(server: Server) -> None:
    assert set(await migrate_all(server.safe)) == set(SERVICES)
    pool = await connect(server.safe, "intake")
    found = await pool.fetchrow("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
    await pool.close()
    assert found is not None and found["ssl"] and found["version"] >= "TLSv1.2"


async def test_a_server_that_another_authority_signed_for_is_not_believed(server: Server, tmp_path: Path) -> None:
    stranger = server.dsn(sslmode="verify-full", sslrootcert=str(Authority(tmp_path, "stranger").file))
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(stranger, "intake")


async def test_nor_one_of_another_name(server: Server) -> None:
    elsewhere = server.dsn("localhost", sslmode="verify-full", sslrootcert=str(server.authority.file))
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(elsewhere, "intake")


async def test_this_server_takes_nothing_else(server: Server) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await connect(server.dsn(sslmode="disable"), "intake")


def test_the_way_it_is_reached_here_may_be_used_beyond_loopback(server: Server) -> None:
    far = server.safe.replace("127.0.0.1", "db.test")
    refuse_exposure(ServiceSettings(kafka="127.0.0.1:1", postgres=far))
