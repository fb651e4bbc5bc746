"""`duban replay --explain`: the first lines mapped, and every line that is not, with its reason. Nothing is sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import orjson
import typer

from services.cli.replay.load import Outcome, outcomes
from services.cli.replay.mapping import Mapped, Mapper
from services.cli.replay.mapping_model import load_mapping
from services.cli.replay.reading import columns_of
from services.cli.replay.values import look

FIRST = 5


def explain_files(files: Sequence[Path], mapping_path: Path, as_json: bool) -> None:
    """Print it line by line. Raises BadMapping and BadLog."""
    mapper = Mapper(load_mapping(mapping_path), mapping_path, "import")
    counts: Counter[str] = Counter()
    unseen = columns_of(mapper.mapping)
    for path in files:
        for outcome in outcomes(path, mapper):
            unseen = {column for column in unseen if look(outcome.line.fields, column) is None}
            counts["lines"] += 1
            kind = "unmapped" if outcome.unmapped else "left out" if outcome.ignored else "mapped"
            counts[kind] += 1
            counts["events"] += len(outcome.mapped)
            if kind == "unmapped" or counts[kind] <= FIRST:
                typer.echo(orjson.dumps(_told(outcome)).decode() if as_json else _text(outcome))
    if as_json:
        typer.echo(orjson.dumps({**counts, "columns_never_found": sorted(unseen)}).decode())
        return
    for column in sorted(unseen):
        typer.echo(f"column {column!r} of the mapping is in no line")
    shown = f" ({FIRST} of each kind are shown)" if counts["mapped"] > FIRST else ""
    typer.echo(f"{counts['lines']:,} lines: {counts['mapped']:,} mapped to {counts['events']:,} events{shown}, "
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
    events = []
    for mapped in outcome.mapped:
        data = ", ".join(f"{name} {value}" for name, value in mapped.data.items() if name not in ("zone", "origin"))
        events.append(f"    {mapped.type} {mapped.key} (id {mapped.id}): {data}")
    return "\n".join([f"{place}:", *events])
