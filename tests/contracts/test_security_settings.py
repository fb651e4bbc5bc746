"""Secrets come from the environment or from files, are never shown, and reach every client that we make."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError
from typer.testing import CliRunner

from services.cli.config import Settings as CommandSettings
from services.cli.main import app
from services.cli.settings_shown import MASKED, shown_settings
from shared.errors import WrongEnvironment
from shared.kafka_access import OPEN, access_of
from shared.settings import ServiceSettings
from shared.wiring import consumer_of, relay_of
from tests.support.certificates import Authority

DSN = "postgresql://u:s3cret@h/d"
SCRAM: dict[str, Any] = {"kafka_security": "SASL_PLAINTEXT", "kafka_username": "u", "kafka_password": "s3cret"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA", "POSTGRES", "POSTGRES_FILE", "KAFKA_PASSWORD", "KAFKA_PASSWORD_FILE"):
        monkeypatch.delenv(f"DUBAN_{name}", raising=False)


def test_a_secret_is_read_from_the_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dsn").write_text(f"{DSN}\n")
    (tmp_path / "password").write_text("pass word\r\n")
    monkeypatch.setenv("DUBAN_KAFKA", "k:1")
    monkeypatch.setenv("DUBAN_POSTGRES_FILE", str(tmp_path / "dsn"))
    monkeypatch.setenv("DUBAN_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    found = ServiceSettings()
    assert found.postgres.get_secret_value() == DSN
    assert found.kafka_password is not None and found.kafka_password.get_secret_value() == "pass word"
    assert "s3cret" not in repr(found) and "pass word" not in repr(found)
    assert CommandSettings().postgres == DSN


def test_two_places_for_one_secret_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dsn").write_text(DSN)
    monkeypatch.setenv("DUBAN_POSTGRES", DSN)
    monkeypatch.setenv("DUBAN_POSTGRES_FILE", str(tmp_path / "dsn"))
    with pytest.raises(SettingsError, match="DUBAN_POSTGRES and DUBAN_POSTGRES_FILE are both set"):
        CommandSettings()
    monkeypatch.setenv("DUBAN_POSTGRES", "")  # as compose passes on what is not set
    assert CommandSettings().postgres == DSN


def test_a_file_that_is_not_there_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_POSTGRES_FILE", "/nowhere/s3cret")
    found = CliRunner().invoke(app, ["migrate"])
    assert (found.exit_code, found.stderr) == (
        2, "duban migrate: DUBAN_POSTGRES_FILE cannot be read: FileNotFoundError\n",
    )  # fmt: skip


def test_other_settings_are_not_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "host").write_text("10.0.0.1")
    monkeypatch.setenv("DUBAN_HTTP_HOST_FILE", str(tmp_path / "host"))
    assert ServiceSettings(kafka="k:1", postgres="p").http_host == "127.0.0.1"


def test_no_secret_is_shown() -> None:
    given = {"DUBAN_POSTGRES": DSN, "DUBAN_KAFKA_PASSWORD": "s3cret", "DUBAN_KAFKA_USERNAME": "duban"}
    shown = {row["name"]: row for row in shown_settings(given)}
    assert shown["DUBAN_POSTGRES"]["value"] == shown["DUBAN_KAFKA_PASSWORD"]["value"] == MASKED
    assert shown["DUBAN_KAFKA_USERNAME"]["value"] == "duban"
    from_file = {row["name"]: row for row in shown_settings({"DUBAN_POSTGRES_FILE": "/run/secrets/dsn"})}
    assert (from_file["DUBAN_POSTGRES"]["value"], from_file["DUBAN_POSTGRES"]["origin"]) == (
        MASKED, "file /run/secrets/dsn",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kafka_security": "SASL_SSL"}, "DUBAN_KAFKA_USERNAME"),
        ({"kafka_security": "SASL_SSL", "kafka_username": "u"}, "DUBAN_KAFKA_PASSWORD"),
        ({"kafka_cert": "c.pem"}, "DUBAN_KAFKA_KEY"),
        ({"identity_jwks": "j.json"}, "DUBAN_IDENTITY_ISSUER"),
        ({"identity_algorithms": "HS256"}, "identity_algorithms"),
        ({"identity_algorithms": "RS256,none"}, "identity_algorithms"),
        ({"identity_algorithms": ""}, "identity_algorithms"),
    ],
)
def test_half_a_setting_is_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ServiceSettings(**{"kafka": "k:1", "postgres": "p", **given})


async def test_every_client_of_a_service_says_who_it_is(pool: Any) -> None:
    settings = ServiceSettings(**{"kafka": "k:1", "postgres": "p", **SCRAM})
    wanted = {
        "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "u",
        "sasl_plain_password": "s3cret",
    }  # fmt: skip

    async def handle(*_: object) -> None: ...

    relay = relay_of(settings, pool, service="probe")
    consumer = consumer_of(settings, pool, service="probe", topics=("a",), handle=handle, committed=relay.wake)
    assert relay._access == consumer._access == access_of(settings) == wanted
    assert access_of(CommandSettings(**SCRAM)) == wanted
    assert access_of(CommandSettings()) == OPEN


def test_the_broker_s_name_is_checked_against_its_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    mine = authority.issue("client")
    given: dict[str, Any] = {
        "kafka_security": "SSL", "kafka_ca": authority.file, "kafka_cert": mine.cert, "kafka_key": mine.key,
    }  # fmt: skip
    context = access_of(CommandSettings(**given))["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(WrongEnvironment, match="DUBAN_KAFKA_CA"):
        access_of(CommandSettings(**{**given, "kafka_ca": tmp_path / "bad.pem"}))
