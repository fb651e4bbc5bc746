"""Beyond loopback nothing starts unguarded: not HTTP without identities, not Kafka or Postgres in the clear."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI

from services.cli.config import inherited_environment
from services.intake.permission import admission_of
from shared.errors import WrongEnvironment
from shared.exposure import Exposed, is_loopback, is_reachable, refuse_exposure
from shared.runtime import App, serve
from shared.settings import ServiceSettings
from tests.support.identity import Issuer

NEAR: dict[str, Any] = {"kafka": "127.0.0.1:9092", "postgres": "postgresql://u:s3cret@127.0.0.1/d"}
KNOWN = {"identity_jwks": "https://login.test/jwks", "identity_issuer": "https://login.test"}
SCRAM = {"kafka_security": "SASL_SSL", "kafka_username": "u", "kafka_password": "s3cret"}
CERT = {"kafka_security": "SSL", "kafka_cert": "c.pem", "kafka_key": "k.pem"}
ANYWHERE = "0.0.0.0"  # noqa: S104 - what must be refused
FAR = "postgresql://u:s3cret@db.test/d"


def settings(**changes: Any) -> ServiceSettings:
    return ServiceSettings(**{**NEAR, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"http_host": "::1"},
        {"http_host": "localhost", "kafka": "localhost:1,[::1]:2,127.9.9.9:3"},
        {"http_host": ANYWHERE, **KNOWN},
        {"http_host": ANYWHERE, "identity_jwks": "/etc/jwks.json", "identity_issuer": "i"},
        {"identity_jwks": "http://127.0.0.1:1/jwks", "identity_issuer": "i"},
        {"kafka": "kafka:9092", **SCRAM},
        {"kafka": "kafka:9092", **CERT},
        {"kafka": "kafka:9092", "i_accept_unprotected_kafka": True},
        {"postgres": f"{FAR}?sslmode=verify-full&sslrootcert=/ca.pem"},
        {"postgres": FAR, "i_accept_unprotected_postgres": True},
        {"postgres": "postgresql:///d?host=/run/postgresql"},
        {"postgres": "postgresql:///d"},
        {"postgres": "postgresql://u:p@[::1]:5432,127.0.0.1:1/d"},
    ],
)
def test_what_is_guarded_or_near_may_start(changes: dict[str, Any]) -> None:
    refuse_exposure(settings(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"http_host": ANYWHERE}, "DUBAN_HTTP_HOST"),
        ({"http_host": "::"}, "DUBAN_HTTP_HOST"),
        ({"http_host": "duban.gov.test"}, "DUBAN_HTTP_HOST"),
        ({"http_host": ""}, "DUBAN_HTTP_HOST"),
        ({"kafka": "kafka:9092"}, "DUBAN_KAFKA"),
        ({"kafka": "127.0.0.1:1,10.0.0.7:9092"}, "DUBAN_KAFKA"),
        ({"kafka": "kafka:9092", "kafka_security": "SSL"}, "DUBAN_KAFKA"),
        ({"kafka": "kafka:9092", **SCRAM, "kafka_security": "SASL_PLAINTEXT"}, "DUBAN_KAFKA"),
        ({"postgres": FAR}, "DUBAN_POSTGRES"),
        ({"postgres": f"{FAR}?sslmode=require"}, "DUBAN_POSTGRES"),
        ({"postgres": f"{FAR}?sslmode=verify-ca"}, "DUBAN_POSTGRES"),
        ({"postgres": "postgresql://u:p@127.0.0.1,db.test/d"}, "DUBAN_POSTGRES"),
        ({"postgres": "postgresql://u:p@127.0.0.1/d?host=db.test"}, "DUBAN_POSTGRES"),
        ({"postgres": "postgresql://u:p%40x@10.1.2.3:5432/d"}, "DUBAN_POSTGRES"),
        ({"identity_jwks": "http://login.test/jwks", "identity_issuer": "i"}, "DUBAN_IDENTITY_JWKS"),
    ],
)
def test_what_is_not_is_refused_and_told_what_to_set(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Exposed) as refused:
        refuse_exposure(settings(**changes))
    assert str(refused.value).startswith(f"{said} ")
    assert "s3cret" not in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Exposed) as refused:
        refuse_exposure(settings(http_host=ANYWHERE, kafka="kafka:9092", postgres=FAR))
    assert all(name in str(refused.value) for name in ("DUBAN_HTTP_HOST", "DUBAN_KAFKA ", "DUBAN_POSTGRES "))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", ANYWHERE, "::", "localhost.evil.test", "10.0.0.1", "128.0.0.1", "kafka"])
def test_nothing_else_is(host: str) -> None:
    assert not is_loopback(host)


# Tokens on Kafka


def test_messages_need_tokens_as_soon_as_others_may_send(tmp_path: Path) -> None:
    verifier = Issuer(tmp_path).verifier()
    assert not admission_of(verifier, reachable=False, required=None).required
    assert admission_of(verifier, reachable=False, required=True).required
    assert admission_of(verifier, reachable=True, required=None).required
    assert is_reachable(settings(kafka="kafka:9092")) and is_reachable(settings(http_host=ANYWHERE))
    assert not is_reachable(settings())


def test_and_that_cannot_be_turned_off_nor_go_unchecked(tmp_path: Path) -> None:
    with pytest.raises(Exposed, match="DUBAN_INTAKE_REQUIRE_TOKENS is off"):
        admission_of(Issuer(tmp_path).verifier(), reachable=True, required=False)
    for reachable, required in ((True, None), (False, True)):
        with pytest.raises(Exposed, match="no identity provider is named"):
            admission_of(None, reachable=reachable, required=required)


@pytest.mark.parametrize("service", ["intake", "deadline", "accountability", "notification"])
async def test_every_service_refuses_to_bind_beyond_loopback_unguarded(service: str) -> None:
    """As a process, with one line that says what to do, before it connects to anything."""
    environment = {k: v for k, v in inherited_environment().items() if not k.startswith("DUBAN_")}
    environment |= {"DUBAN_KAFKA": "127.0.0.1:1", "DUBAN_POSTGRES": NEAR["postgres"], "DUBAN_HTTP_HOST": ANYWHERE}
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", f"services.{service}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert "DUBAN_IDENTITY_JWKS" in said and "docs/security.md" in said
    assert "Traceback" not in said and "s3cret" not in said


async def test_a_service_whose_port_another_holds_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        app = cast(
            App, SimpleNamespace(name="intake", api=FastAPI(docs_url=None, redoc_url=None), host="127.0.0.1", port=port)
        )
        with pytest.raises(WrongEnvironment, match=f"intake cannot answer on port {port} of 127.0.0.1: .*in use"):
            await serve(app, asyncio.Event())
