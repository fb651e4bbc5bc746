"""docker-compose.yml: every container closed, every secret a file, and what it sets is what the services read."""

import re
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.providers.docker import KAFKA_IMAGE, POSTGRES_IMAGE
from shared.exposure import is_reachable, refuse_exposure
from tests.containers.settings_of import SERVICES, known_variables, read_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROMETHEUS = yaml.safe_load((ROOT / "deploy" / "monitoring" / "prometheus" / "prometheus.yaml").read_text())
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
ALL: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
ONCE = {"prepare"}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that `make compose` makes."""
    directory = tmp_path_factory.mktemp("compose") / "secrets"
    make_secrets(directory)
    return directory


def make_secrets(directory: Path) -> str:
    command = [sys.executable, str(ROOT / "deploy" / "docker" / "make_secrets.py"), str(directory)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_container_can_write_and_do_nothing_but_its_work(name: str) -> None:
    container = ALL[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["user"] not in ("root", "0", "0:0")
    assert "privileged" not in container
    if name not in ONCE:
        assert container["restart"] == "unless-stopped"
        limits = container["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_port_is_on_loopback_unless_told_otherwise(name: str) -> None:
    for port in ALL[name].get("ports", []):
        assert port.startswith("${DUBAN_BIND:-127.0.0.1}:")


def test_who_must_wait_waits_for_what_is_healthy() -> None:
    for name in SERVICES:
        assert ALL[name]["depends_on"] == {
            "prepare": {"condition": "service_completed_successfully"},
            "kafka": {"condition": "service_healthy"},
            "postgres": {"condition": "service_healthy"},
        }
    own_check = {name for name, container in ALL.items() if "healthcheck" in container}
    assert own_check | set(SERVICES) == set(ALL), "who has no health check of its own has the image's"
    assert "HEALTHCHECK" in DOCKERFILE


def test_two_replicas_of_each_service_run_its_own_module() -> None:
    for name in SERVICES:
        assert ALL[name]["command"] == ["python", "-m", f"services.{name}"]
        assert (ROOT / "services" / name / "__main__.py").exists()
        assert ALL[name]["deploy"]["replicas"] == 2
        low, high = re.findall(r":(\d+)-(\d+):8080", ALL[name]["ports"][0])[0]
        assert int(high) - int(low) + 1 == 2, "each replica gets a port"


def test_every_image_has_its_version_and_the_provider_docker_has_the_same() -> None:
    images = {name: container["image"] for name, container in ALL.items()}
    for image in images.values():
        assert re.fullmatch(r"duban:local|[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", image)
    assert (images["kafka"], images["postgres"]) == (KAFKA_IMAGE, POSTGRES_IMAGE)
    pom = ET.parse(ROOT / "deploy" / "kafka" / "pom.xml")  # noqa: S314 - our own file
    version = pom.findtext(".//{*}dependency/{*}version")
    assert images["kafka"] == f"apache/kafka:{version}", "the provider apache runs the same broker"
    assert re.search(r"^ARG BASE=python:3\.\d+\.\d+-slim-bookworm$", DOCKERFILE, re.MULTILINE)


def test_every_setting_is_one_that_the_services_read() -> None:
    for name in (*SERVICES, "prepare"):
        given = set(ALL[name]["environment"])
        assert given <= known_variables(), name


@pytest.mark.parametrize("service", SERVICES)
def test_what_compose_sets_lets_a_service_run_beyond_loopback(service: str, secrets: Path) -> None:
    environment = {name: str(value) for name, value in ALL[service]["environment"].items()}
    settings = read_settings(service, environment, mounted(secrets))
    assert is_reachable(settings)
    refuse_exposure(settings)
    assert settings.kafka_idempotence
    assert settings.http_port == 0, "left to the image"
    assert "DUBAN_HTTP_PORT=8080" in DOCKERFILE


def mounted(secrets: Path) -> Path:
    """As containers see them: each by its name in the compose file."""
    target = secrets.parent / "mounted"
    target.mkdir(exist_ok=True)
    for name, secret in COMPOSE["secrets"].items():
        link = target / name
        if not link.is_symlink():
            link.symlink_to(secrets / Path(secret["file"]).name)
    return target


def test_every_secret_is_made_and_mounted_and_read_from_a_file(secrets: Path) -> None:
    files = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    private = {"ca_key.pem", "token_key.json"}
    assert {file.name for file in secrets.iterdir()} == files | private
    used = {secret for container in ALL.values() for secret in container.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    for container in ALL.values():
        for name, value in container.get("environment", {}).items():
            assert "password" not in name.lower() or name.upper().endswith("FILE"), f"{name}={value}"


def test_secrets_are_their_owners_alone_and_made_once(secrets: Path) -> None:
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for file in secrets.iterdir():
        wanted = 0o600 if file.name in ("ca_key.pem", "token_key.json") else 0o444
        assert stat.S_IMODE(file.stat().st_mode) == wanted, file.name
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    assert make_secrets(secrets) == ""
    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == before
    (secrets / "kafka_keystore.pem").unlink()
    assert make_secrets(secrets).endswith(": kafka_keystore.pem\n")


def test_no_secret_can_be_committed_or_reach_the_build() -> None:
    command = ["git", "check-ignore", "--quiet", "deploy/docker/secrets/postgres_password"]
    assert subprocess.run(command, cwd=ROOT, timeout=20).returncode == 0
    ignored = (ROOT / "deploy" / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert not any("secrets".startswith(part) or "secrets" in part for part in allowed)


def test_prometheus_looks_for_the_replicas_where_they_are() -> None:
    found = {
        job["job_name"]: (job["dns_sd_configs"][0]["names"], job["dns_sd_configs"][0]["port"])
        for job in PROMETHEUS["scrape_configs"]
        if "dns_sd_configs" in job
    }
    assert found == {name: ([name], 8080) for name in SERVICES}
    for name in (*SERVICES, "prometheus", "alertmanager", "grafana"):
        assert "edge" in ALL[name]["networks"]
    assert ALL["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_mounted_from_the_repository_is_there_and_read_only(name: str) -> None:
    for volume in ALL[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert rest.endswith(":ro"), volume
        else:
            assert source in COMPOSE["volumes"]
