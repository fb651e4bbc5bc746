"""Settings as a container would read them, from the environment that a manifest gives it."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from services.cli.settings_shown import shown_settings
from shared.settings import ServiceSettings

MOUNTED = "/run/secrets/"
SERVICES = ("intake", "deadline", "accountability", "notification")


def read_settings(service: str, environment: Mapping[str, str], secrets: Path) -> ServiceSettings:
    """What the service would run with; `secrets` is what the container finds below /run/secrets."""
    here = {name: value.replace(MOUNTED, f"{secrets}/") for name, value in environment.items()}
    with mock.patch.dict("os.environ", here, clear=True):
        settings: ServiceSettings = importlib.import_module(f"services.{service}.config").Settings()
    return settings


def known_variables() -> set[str]:
    """Every variable that a service reads, those that name a secret's file among them."""
    names = {row["name"] for row in shown_settings({})}
    return names | {f"{name}_FILE" for name in names}
