"""The catalogue of service items 事项 from YAML files: items with their limits complete, and what makes a file wrong.

The files are authoritative for limits; which version applies to a matter is decided in `rules.catalogue`. A file that
is wrong in any line is refused as a whole, at start, naming file, item and field: a limit is never guessed. The form is
described for people in docs/catalogue.md.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import orjson

from services.intake.catalogue_form import (
    STARTS_ON,
    STOPS_ON,
    CatalogueError,
    CatalogueForm,
    ItemForm,
    LimitForm,
    RecordedForm,
    VersionForm,
    read,
)
from services.intake.rules.catalogue import (
    Catalogue,
    Expiry,
    Extension,
    Found,
    Item,
    ItemVersion,
    Limit,
    Pause,
    RecordedTerms,
    Second,
)
from services.intake.rules.consistency import findings
from shared.events.base import Model
from shared.events.limits import FindingTerms, LimitTerms

__all__ = ["CatalogueError", "items_of", "load", "read", "terms_of"]

OF_EACH = {
    "stage": (("stage.started",), ("stage.finished",)),
    "task": (("task.assigned",), ("task.finished",)),
}
"""What starts and stops a clock of a stage or task, unless its limit says otherwise: the item's are the matter's."""
_TERMS = tuple(LimitTerms.model_fields)
_Part = TypeVar("_Part")
_Telling = LimitForm | RecordedForm | CatalogueForm


def load(files: Sequence[Path], *, calendar: str) -> Catalogue:
    """The catalogue of several files; each adds items. `calendar` counts for a due recorded without an item. Raises
    CatalogueError."""
    found: dict[str, Item] = {}
    origin: dict[str, Path] = {}
    forms = {file: read(file) for file in files}
    grounds = {ground for form in forms.values() for ground in form.grounds}
    for file, form in forms.items():
        for item in items_of(file, form):
            if item.code in found:
                raise CatalogueError(f"item {item.code} is both in {origin[item.code]} and in {file}")
            found[item.code], origin[item.code] = item, file
            for version in item.versions:
                for wrong in findings(version.limits, grounds):
                    raise CatalogueError(f"{file}: item {item.code}: clock {wrong.clock}: {wrong.detail}")
    return Catalogue(items=found, calendar=calendar, starts_on=STARTS_ON, stops_on=STOPS_ON)


def items_of(file: Path, form: CatalogueForm) -> Iterator[Item]:
    """The items of a file, each limit complete in itself. Raises CatalogueError."""
    for item in form.items:
        zone, calendar = item.zone or form.zone, item.calendar or form.calendar
        if zone is None or calendar is None:
            missing = "zone" if zone is None else "calendar"
            raise CatalogueError(f"{file}: item {item.code}: {missing}: neither the item nor the file states one")
        names = {"en": item.code} if item.name is None else item.name.model_dump(exclude_none=True)
        versions = tuple(_version(item, version, form, zone, calendar) for version in item.every_version())
        yield Item(code=item.code, names=names, zone=zone, calendar=calendar, versions=versions)


def _version(item: ItemForm, form: VersionForm, file: CatalogueForm, zone: str, calendar: str) -> ItemVersion:
    limits = tuple(_limit(item, limit, file, zone, calendar) for limit in form.limits)
    recorded = RecordedTerms(
        zone=zone,
        calendar=calendar,
        starts_on=item.starts_on,
        stops_on=form.recorded.stops_on or item.stops_on,
        warnings=_who_states("warnings", form.recorded, file).warnings,
        overdue=_who_states("overdue", form.recorded, file).overdue or None,
        required=form.recorded.required,
        on_expiry=_part(Expiry, form.recorded.on_expiry),
    )
    content = orjson.dumps([[terms_of(limit) for limit in limits], recorded])
    name = f"{item.code}@{form.effective_from}+{hashlib.sha256(content).hexdigest()[:8]}"
    return ItemVersion(name, form.effective_from, limits, recorded)


def _limit(item: ItemForm, form: LimitForm, file: CatalogueForm, zone: str, calendar: str) -> Limit:
    starts_on, stops_on = (item.starts_on, item.stops_on) if form.per is None else OF_EACH[form.per]
    return Limit(
        clock=form.clock,
        amount=form.amount,
        at=None,
        start_rule=form.start_rule,
        roll=form.roll,
        zone=form.zone or zone,
        day_ends=form.day_ends,
        calendar=form.calendar or calendar,
        starts_on=form.starts_on or starts_on,
        stops_on=form.stops_on or stops_on,
        warnings=_who_states("warnings", form, file).warnings,
        source=form.source,
        kind=form.kind,
        per=form.per,
        stage=form.stage,
        cut_off=form.cut_off,
        choose=form.choose,
        second=_part(Second, form.second),
        pauses=tuple(Pause(**dict(pause)) for pause in form.pauses) or None,
        extension=_part(Extension, form.extension),
        restarts_on=form.restarts_on,
        on_expiry=_part(Expiry, form.on_expiry),
        overdue=_who_states("overdue", form, file).overdue or None,
        finds=tuple(_found(each) for each in form.finds) or None,
    )


def _found(form: FindingTerms) -> Found:
    return Found(form.code, form.on, form.result or None, form.before, form.returned or None)


def _who_states(field: str, limit: LimitForm | RecordedForm, file: CatalogueForm) -> _Telling:
    """The limit where it says anything of it, be it nothing; else its file."""
    return limit if field in limit.model_fields_set else file


def _part(kind: type[_Part], form: Model | None) -> _Part | None:
    return None if form is None else kind(**dict(form))


def terms_of(limit: Limit) -> dict[str, Any]:
    """A limit as it stands in an event, ready for orjson: what it does not say is not there."""
    return {name: _said(value) for name in _TERMS if (value := getattr(limit, name)) is not None}


def _said(value: Any) -> Any:
    """Without the empty fields of a limit's parts."""
    match value:
        case Pause() | Extension() | Expiry() | Second() | Found():
            return {field.name: each for field in fields(value) if (each := getattr(value, field.name)) is not None}
        case (Pause() | Found(), *_):
            return [_said(each) for each in value]
    return value
