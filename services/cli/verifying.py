"""Explanations counted again from what they say themselves: no service is asked."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.verify import differences
from services.deadline.stamped import limit_of
from shared.events.limits import LimitTerms


def verify_file(path: Path, as_json: bool) -> int:
    """Say of each explanation in the file whether it is true; the exit code."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        found = list(_explanations(json.loads(text)))
    except (OSError, ValueError, RecursionError) as error:
        typer.echo(f"duban explain: {path}: {error}", err=True)
        return 2
    if not found:
        typer.echo(f"duban explain: {path} holds no explanation with its hash", err=True)
        return 2
    judged = [(told, _judged(told)) for told in found]
    if as_json:
        said = [{"clock": told.get("clock"), "due": told.get("due"), "differences": lines} for told, lines in judged]
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for told, lines in judged:
            typer.echo(f"{told.get('clock')}, due {told.get('due')}: {'NOT TRUE' if lines else 'as it says'}")
            for line in lines:
                typer.echo(f"  {line}")
    return 1 if any(lines for _, lines in judged) else 0


def _judged(told: dict[str, Any]) -> list[str]:
    told = {name: value for name, value in told.items() if name != "texts"}
    try:
        terms = LimitTerms.model_validate_json(json.dumps(told["terms"]))
        return differences(told, limit_of(terms))
    except ValidationError as error:
        return [f"terms: {'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    except DeadlineError as error:
        return [f"cannot be counted: {error}"]
    except (KeyError, TypeError, ValueError) as error:
        return [f"is no whole explanation: {type(error).__name__}: {error}"]


def _explanations(value: object) -> Iterator[dict[str, Any]]:
    """All explanations in a JSON document, wherever they stand: of one clock, of a matter, of `duban calc --json`."""
    if isinstance(value, dict):
        if "hash" in value and "terms" in value:
            yield value
            return
        for each in value.values():
            yield from _explanations(each)
    elif isinstance(value, list):
        for each in value:
            yield from _explanations(each)
