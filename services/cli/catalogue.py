"""`duban catalogue check FILE…`: what is wrong with catalogue files, all of it at once, before a start refuses them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.intake.catalogue_form import CatalogueForm
    from services.intake.rules.catalogue import ItemVersion
    from services.intake.rules.consistency import Finding

catalogue = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class Found:
    """One thing that is wrong, or to be looked at; `clock`, `item` and its version's day where it is about one."""

    file: str
    code: str
    detail: str
    item: str | None = None
    effective_from: str | None = None
    clock: str | None = None

    def __str__(self) -> str:
        version = f" from {self.effective_from}" if self.effective_from not in (None, "1900-01-01") else ""
        place = [self.file, self.item and f"item {self.item}{version}", self.clock and f"clock {self.clock}"]
        return ": ".join([*(part for part in place if part), f"{self.detail} [{self.code}]"])


@dataclass
class Checked:
    """What files hold, and what was found: nothing may use files with `findings`, `remarks` are for people."""

    items: int
    limits: int
    findings: list[Found]
    remarks: list[Found]


def check_files(files: list[Path]) -> Checked:
    """As intake would load them together."""
    from services.intake.catalogue import CatalogueError, items_of, read
    from services.intake.rules.consistency import findings, remarks

    checked = Checked(0, 0, [], [])
    forms: dict[Path, CatalogueForm] = {}
    origin: dict[str, Path] = {}
    for file in files:
        try:
            forms[file] = read(file)
        except CatalogueError as error:
            lines = str(error).splitlines()
            checked.findings += [Found(str(file), "form", line.removeprefix(f"{file}: ")) for line in lines]
    grounds = {ground for form in forms.values() for ground in form.grounds}
    for file, form in forms.items():
        try:
            items = list(items_of(file, form))
        except CatalogueError as error:
            checked.findings.append(Found(str(file), "form", str(error).removeprefix(f"{file}: ")))
            continue
        for item in items:
            checked.items += 1
            if item.code in origin:
                detail = f"is in {origin[item.code]} too" if origin[item.code] != file else "stands twice"
                checked.findings.append(Found(str(file), "item-twice", detail, item.code))
            origin[item.code] = file
            for version in item.versions:
                checked.limits += len(version.limits)
                found = [*findings(version.limits, grounds), *_calendars(version)]
                checked.findings += [_of(file, item.code, version, each) for each in found]
                checked.remarks += [_of(file, item.code, version, each) for each in remarks(version.limits)]
    return checked


def _of(file: Path, item: str, version: "ItemVersion", found: "Finding") -> Found:
    day = version.effective_from.isoformat()
    return Found(str(file), found.code, found.detail, item, day, found.clock)


def _calendars(version: "ItemVersion") -> "Iterator[Finding]":
    """A calendar that the deadline service does not ship may still be published to it: but a typing error looks the
    same, and stops every count."""
    from services.deadline.calendars import known
    from services.intake.rules.consistency import Finding

    for limit in version.limits:
        if limit.calendar not in known():
            yield Finding("unknown-calendar", limit.clock, f"counts by {limit.calendar}, which is no calendar we know")


@catalogue.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Checked together, as intake loads them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Without the remarks.")] = False,
) -> None:
    """Say what is wrong with catalogue files. Exit code 0: intake can use them; 1: it cannot; 2: one is not there."""
    if missing := [file for file in files if not file.is_file()]:
        typer.echo(f"duban catalogue check: {missing[0]}: there is no such file", err=True)
        raise typer.Exit(2)
    checked = check_files(files)
    if as_json:
        typer.echo(json.dumps(asdict(checked), ensure_ascii=False, indent=2))
    else:
        for wrong in checked.findings:
            typer.echo(f"wrong: {wrong}")
        for remark in () if quiet else checked.remarks:
            typer.echo(f"look at: {remark}")
        typer.echo(
            f"{checked.items} items, {checked.limits} limits: {len(checked.findings)} wrong,"
            f" {len(checked.remarks)} to look at"
        )
    if checked.findings:
        raise typer.Exit(1)


@catalogue.callback()
def catalogues() -> None:
    """Catalogues of service items."""
