"""Intake stamps limits with a calendar that the deadline service counts by; neither may import the other, and a code
that is not known there is found out only when a matter cannot be counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.deadline.calendars import known
from services.intake.catalogue import load
from services.intake.config import Settings

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy").glob("*/*.yaml"))


def calendars(value: Any) -> Iterator[str]:
    """Whatever a file calls a calendar, at any depth."""
    if isinstance(value, dict):
        yield from (each for name, each in value.items() if name == "calendar" and isinstance(each, str))
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from calendars(each)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_shipped_file_names_only_calendars_that_can_be_counted_by(file: Path) -> None:
    assert set(calendars(yaml.safe_load(file.read_text()))) <= set(known())


def test_every_limit_of_the_shipped_catalogue_can_be_counted_by_its_calendar() -> None:
    default = Settings.model_fields["calendar"].default
    catalogue = load([ROOT / "deploy" / "catalogue" / "default.yaml"], calendar=default)
    versions = [version for item in catalogue.items.values() for version in item.versions]
    named = {limit.calendar for version in versions for limit in version.limits}
    assert {default, *named, *(version.recorded.calendar for version in versions)} <= set(known())
