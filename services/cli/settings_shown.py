"""Every setting of every service, as `duban up --show-settings` prints it: its value, where that is from, its default.

The services' own settings classes are authoritative; secrets are masked by their type.
"""

import importlib
from collections.abc import Mapping
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from services.cli.config import inherited_environment
from services.cli.migrate import SERVICES
from shared.settings import ServiceSettings

MASKED = "********"


def shown_settings(environment: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """One row for each; what all services have comes first."""
    given = inherited_environment() if environment is None else environment
    rows = [_row("every service", name, field, given) for name, field in ServiceSettings.model_fields.items()]
    for service in SERVICES:
        settings: type[ServiceSettings] = importlib.import_module(f"services.{service}.config").Settings
        own = {name: field for name, field in settings.model_fields.items() if name not in ServiceSettings.model_fields}
        rows += [_row(service, name, field, given) for name, field in own.items()]
    return rows


def _row(of: str, name: str, field: FieldInfo, environment: Mapping[str, str]) -> dict[str, str]:
    variable = field.validation_alias if isinstance(field.validation_alias, str) else f"DUBAN_{name.upper()}"
    required = field.default is PydanticUndefined and field.default_factory is None
    default = "none: it must be set" if required else _text(field.get_default(call_default_factory=True))
    is_secret = SecretStr in (field.annotation, *get_args(field.annotation))
    file = environment.get(f"{variable}_FILE") if is_secret else None
    given = "environment" if environment.get(variable) else f"file {file}" if file else None
    origin = given or ("not set" if required else "default")
    value = (environment.get(variable) or file) if given else "" if required else default
    return {
        "name": variable,
        "value": MASKED if is_secret and given else value or "",
        "origin": origin,
        "of": of,
        "default": default,
        "description": field.description or "",
    }


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
