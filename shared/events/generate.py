"""Write the published form of the contract, or check it: `python -m shared.events.generate [--check]`.

The models are authoritative; `schemas/` and `asyncapi.json` are generated from them and never edited. The examples are
written by hand and frozen for ever: `examples/SHA256SUMS` remembers each, and a changed one is an error, for somebody
out there has built on it. A new version gets a new example beside the old one.
"""

import argparse
import difflib
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from shared.events import strict_json
from shared.events.asyncapi import document, schema_path
from shared.events.base import Event
from shared.events.catalog import EVENTS, UnknownVersion, model_of
from shared.events.envelope import Attributes, Refused, problems_of, read_structured

HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIFF_LINES = 20
SUMS = "SHA256SUMS"


def text_of(document: Any) -> str:
    """One spelling of a JSON document."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def events() -> Iterator[tuple[str, type[Event]]]:
    """Every event with its topic."""
    for topic, members in EVENTS.items():
        for event in members:
            yield topic, event


@cache
def schema_of(topic: str, event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's data."""
    identity = f"urn:duban:schema:{topic}:{event.TYPE}:{event.VERSION}"
    return {"$schema": DIALECT, "$id": identity, **event.model_json_schema()}


def envelope(*, published: bool) -> dict[str, Any]:
    """The JSON Schema of a whole event in structured mode: of a submission, or of what Duban publishes."""
    schema = Attributes.model_json_schema()
    del schema["additionalProperties"]
    extensions: dict[str, Any] = {"type": ["string", "integer", "boolean"]}
    required = [*schema["required"], "data", *(["revision"] if published else [])]
    properties = {**schema["properties"], "data": {"type": "object"}}
    if published:
        properties |= {"revision": {"type": "integer", "minimum": 1}, "causationid": {"type": "string", "minLength": 1}}
    return {
        "$schema": DIALECT,
        "$id": f"urn:duban:schema:envelope:{'published' if published else 'submission'}:1",
        **schema,
        "title": "Published event" if published else "Submission",
        "description": "An event in structured mode; binary mode carries the same attributes in headers.",
        "properties": properties,
        "required": required,
        "additionalProperties": extensions,
        "propertyNames": {"pattern": "^[a-z0-9]+$"},
    }


def generated() -> dict[str, str]:
    """Every generated file, by its path below this directory."""
    files = {f"schemas/{schema_path(topic, event)}": text_of(schema_of(topic, event)) for topic, event in events()}
    for name, published in (("submission", False), ("published", True)):
        files[f"schemas/envelope.{name}.v1.json"] = text_of(envelope(published=published))
    files["asyncapi.json"] = text_of(document(version("duban")))
    return files


def drift(root: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    """What differs between the generated files and those in the tree."""
    for name, text in wanted.items():
        file = root / name
        found = file.read_text() if file.exists() else ""
        if found != text:
            before, after = found.splitlines(), text.splitlines()
            lines = list(difflib.unified_diff(before, after, "in the tree", "generated", lineterm="", n=1))
            more = [f"… {len(lines) - DIFF_LINES} lines more"] if len(lines) > DIFF_LINES else []
            yield "\n    ".join([f"{name}: {'differs' if found else 'is missing'}", *lines[:DIFF_LINES], *more])
    for file in sorted((root / "schemas").rglob("*.json")):
        if (name := file.relative_to(root).as_posix()) not in wanted:
            yield f"{name}: no event has this schema"


def examples(root: Path) -> list[Path]:
    return sorted((root / "examples").rglob("*.json"))


def example_problems(root: Path) -> Iterator[str]:
    """What is wrong with the examples: each must be an event that its model and its published schema accept."""
    shown: set[tuple[str, str, int]] = set()
    for file in examples(root):
        name, topic = file.relative_to(root).as_posix(), file.parent.name
        try:
            value = strict_json.loads(file.read_bytes())
            # What was refused need not have had a canonical subject: its refusal repeats it, or has the hash instead.
            # A case's state has its id.
            free = topic in ("rejections", "case-states")
            read = read_structured({**value, "subject": "any/subject"} if free else value)
        except (strict_json.NotStrictJson, Refused) as error:
            yield f"{name}: {error}"
            continue
        type_, number = read.attributes.type, read.attributes.version
        model = model_of(topic, type_, number) if topic in EVENTS else None
        if model is None or isinstance(model, UnknownVersion):
            yield f"{name}: {topic} has no event {type_} version {number}"
            continue
        stem = f"{type_}.v{number}"
        if file.stem != stem and not file.stem.startswith(f"{stem}."):
            yield f"{name}: holds {stem} and is not named so"
        shown.add((topic, type_, number))
        kind = envelope(published=topic != "submissions")
        yield from (f"{name}: {problem}" for problem in rejections(model, read.data, schema_of(topic, model)))
        yield from (f"{name}: envelope: {problem}" for problem in schema_rejections(kind, value))
    for topic, event in events():
        if (topic, event.TYPE, event.VERSION) not in shown:
            yield f"examples/{schema_path(topic, event)}: {event.__name__} has no golden example"


def rejections(model: type[Event], data: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Why the model, the schema or the way back to JSON does not accept an example's data."""
    try:
        event = model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        yield from (f"model: {problem.pointer}: {problem.detail}" for problem in problems_of(error, "/data"))
    else:
        if model.model_validate_json(json.dumps(event.to_data())) != event:
            yield "model: what it writes is not what it read"
    yield from schema_rejections(schema, data, "/data")


def schema_rejections(schema: dict[str, Any], value: object, prefix: str = "") -> Iterator[str]:
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for error in validator.iter_errors(value):
        yield f"schema: {prefix}{''.join(f'/{part}' for part in error.absolute_path)}: {error.message}"


def sums(root: Path) -> dict[str, str]:
    """The sums of the examples as they are."""
    base = root / "examples"
    return {f.relative_to(base).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in examples(root)}


def frozen(root: Path) -> dict[str, str]:
    """The sums of the examples as they were published."""
    file = root / "examples" / SUMS
    lines = file.read_text().splitlines() if file.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def thaw(root: Path) -> Iterator[str]:
    """Examples that are not what was published, and new ones that are not frozen yet."""
    now, before = sums(root), frozen(root)
    for name, digest in before.items():
        if name not in now:
            yield f"examples/{name}: was published and is gone"
        elif now[name] != digest:
            yield f"examples/{name}: was published and is edited: add a new example, or a new version, beside it"
    yield from (f"examples/{name}: is new: freeze it by running the generator" for name in now.keys() - before.keys())


def check(root: Path) -> list[str]:
    """Everything that is wrong; empty when the published form is that of the models."""
    return [*drift(root, generated()), *example_problems(root), *sorted(thaw(root))]


def write(root: Path) -> None:
    """Write the generated files, remove those without an event, freeze the examples that are new."""
    wanted = generated()
    for file in (root / "schemas").rglob("*.json"):
        if file.relative_to(root).as_posix() not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    known = sums(root) | frozen(root)
    lines = [f"{digest}  {name}\n" for name, digest in sorted(known.items())]
    (root / "examples" / SUMS).write_text("".join(lines))


def main() -> int:
    """Exit code 0: all is up to date; 1: the reasons are printed."""
    parser = argparse.ArgumentParser(description="Write or check the schemas, asyncapi.json and the golden examples.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and say what is out of date")
    if not parser.parse_args().check:
        write(HERE)
    wrong = check(HERE)
    if wrong:
        advice = "Run `python -m shared.events.generate` where the models are meant to differ."
        sys.stderr.write("\n".join([*wrong, f"{len(wrong)} findings. {advice}\n"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
