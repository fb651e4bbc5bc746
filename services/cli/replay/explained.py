"""`duban replay --explain`: the first lines mapped, and every line that is not, with its reason. Nothing is sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, get_args

import orjson
import typer

from services.cli.replay.load import Outcome, learn, outcomes
from services.cli.replay.mapping import Mapped, Mapper
from services.cli.replay.mapping_model import load_mapping
from services.cli.replay.reading import columns_of
from services.cli.replay.values import look
from shared.events.base import Role

FIRST = 5


def explain_files(files: Sequence[Path], mapping_path: Path, as_json: bool) -> None:
    """Print it line by line, then who is made responsible. Raises BadMapping and BadLog."""
    mapper = Mapper(load_mapping(mapping_path), mapping_path, "import")
    counts: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    units: set[str] = set()
    unseen = columns_of(mapper.mapping)
    learn(files, mapper)
    for path in files:
        for outcome in outcomes(path, mapper):
            unseen = {column for column in unseen if look(outcome.line.fields, column) is None}
            kind = "unmapped" if outcome.unmapped else "left out" if outcome.ignored else "mapped"
            counts.update(("lines", kind))
            counts["events"] += len(outcome.mapped)
            units.update(mapped.unit for mapped in outcome.mapped if mapped.unit is not None)
            new = {mapped.type for mapped in outcome.mapped} or {kind}
            if kind == "unmapped" or any(shown[type_] < FIRST for type_ in new):
                shown.update(new)
                typer.echo(orjson.dumps(_told(outcome)).decode() if as_json else _text(outcome))
    holders = mapper.holders(units)
    by_role = {role: [h for h in holders if h.data["role"] == role][:FIRST] for role in get_args(Role)}
    some = [holder for role in by_role.values() for holder in role]
    if as_json:
        if some:
            typer.echo(orjson.dumps({"holders": [_event(holder) for holder in some]}).decode())
        typer.echo(orjson.dumps({**counts, "columns_never_found": sorted(unseen)}).decode())
        return
    if some:
        less = f" (the first {FIRST} of each role are shown)" if len(holders) > len(some) else ""
        typer.echo("\n".join([f"holders that the mapping names: {len(holders):,}{less}", *map(_event_text, some)]))
    for column in sorted(unseen):
        typer.echo(f"column {column!r} of the mapping is in no line")
    less = f" (the first {FIRST} of each type are shown)" if counts["mapped"] > FIRST else ""
    typer.echo(f"{counts['lines']:,} lines: {counts['mapped']:,} mapped to {counts['events']:,} events{less}, "
               f"{counts['left out']:,} left out, {counts['unmapped']:,} not mapped")  # fmt: skip


def _told(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"file": str(outcome.file), "line": outcome.line.number}
    if outcome.unmapped is not None:
        return told | {"unmapped": outcome.unmapped}
    if outcome.ignored is not None:
        return told | {"left_out": outcome.ignored}
    return told | {"events": [_event(mapped) for mapped in outcome.mapped]}


def _event(mapped: Mapped) -> dict[str, Any]:
    return {
        "id": mapped.id,
        "type": mapped.type,
        "subject": mapped.key,
        "time": mapped.time.astimezone(UTC).isoformat(),
        "data": mapped.data,
    }


def _text(outcome: Outcome) -> str:
    place = f"{outcome.file} line {outcome.line.number}"
    if outcome.unmapped is not None:
        return f"{place}: not mapped: {outcome.unmapped}"
    if outcome.ignored is not None:
        return f"{place}: left out: {outcome.ignored}"
    return "\n".join([f"{place}:", *map(_event_text, outcome.mapped)])


def _event_text(mapped: Mapped) -> str:
    data = ", ".join(f"{name} {value}" for name, value in mapped.data.items() if name not in ("zone", "origin"))
    return f"    {mapped.type} {mapped.key} (id {mapped.id}): {data}"
