"""The lines of a log: JSONL or CSV, gzipped or not. One line at a time, so that memory does not grow with the file."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import orjson

from services.cli.replay.mapping_model import OF_MATTER, BadMapping, Mapping

GZIP = b"\x1f\x8b"


class BadLog(ValueError):
    """The file cannot be read as a log at all."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line and its number; `wrong` says why there are no `fields`."""

    number: int
    fields: dict[str, Any]
    wrong: str | None = None


def lines_of(path: Path, mapping: Mapping) -> Iterator[LogLine]:
    """Every line that is not blank. Raises BadLog, and BadMapping where a CSV lacks a column."""
    form = mapping.format or _form_of(path)
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == GZIP
            content = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            yield from _jsonl(content) if form == "jsonl" else _csv(path, content, mapping)
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
        raise BadLog(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _form_of(path: Path) -> Literal["jsonl", "csv"]:
    match [suffix for suffix in path.suffixes if suffix != ".gz"][-1:]:
        case [".csv"]:
            return "csv"
        case [".jsonl" | ".ndjson" | ".json"]:
            return "jsonl"
    raise BadLog(f"{path}: is it jsonl or csv? Say `format` in the mapping")


def _jsonl(content: BinaryIO) -> Iterator[LogLine]:
    for number, line in enumerate(content, start=1):
        if not line.strip():
            continue
        try:
            fields = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            yield LogLine(number, {}, "is not JSON")
            continue
        yield LogLine(number, fields) if isinstance(fields, dict) else LogLine(number, {}, "is not a JSON object")


def _csv(path: Path, content: BinaryIO, mapping: Mapping) -> Iterator[LogLine]:
    with io.TextIOWrapper(content, encoding=mapping.encoding, newline="") as text:
        rows = csv.DictReader(text, delimiter=mapping.delimiter, strict=True)
        header = [name for name in rows.fieldnames or () if name]
        if missing := sorted(columns_of(mapping) - set(header)):
            raise BadMapping(f"{path}: has no column {missing[0]!r}; it has {', '.join(header)}")
        before = rows.line_num
        for row in rows:
            number, before = before + 1, rows.line_num
            extra, short = row.pop(None, None), any(value is None for value in row.values())
            wrong = "has more cells than the header" if extra else "has fewer cells than the header" if short else None
            yield LogLine(number, row, wrong)


def columns_of(mapping: Mapping) -> set[str]:
    """Every column the mapping names."""
    found: set[str] = set()

    def gather(part: object) -> None:
        match part:
            case {"column": str(column)}:
                found.add(column)
            case {"template": str(template)}:
                found.update(piece.partition("}")[0] for piece in template.split("{")[1:])
            case {"first_of": list(parts)}:
                for each in parts:
                    gather(each)

    for fields in (mapping, *mapping.events, *mapping.of_matter.values()):
        for value in fields.model_dump(exclude={"when", "events", "catalogue", "holders", "of_matter"}).values():
            gather(value)
    for when in (*(rule.when for rule in mapping.events), *(lookup.when for lookup in mapping.of_matter.values())):
        for condition in when or ():
            found.update(condition)
    return {column for column in found if not (mapping.of_matter and column.startswith(f"{OF_MATTER}."))}
