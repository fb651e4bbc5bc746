"""Cells of a line: found by path, read as text, compared as text; as the mapping's values and conditions say."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.cli.replay.mapping_parts import Check, Value

Line = Mapping[str, Any]


def check_of(column: str, check: Check) -> Callable[[Line], bool]:
    pattern = None if check.matches is None else re.compile(check.matches)
    if check.model_fields_set == {"equals"}:  # most are: no need to ask each time what is not asked for
        wanted = check.equals
        return lambda line: text_at(line, column) == wanted

    def holds(line: Line) -> bool:
        text = text_at(line, column)
        return not (
            (check.equals is not None and text != check.equals)
            or (check.one_of is not None and text not in check.one_of)
            or (check.not_one_of is not None and text in check.not_one_of)
            or (check.present is not None and (text is not None) != check.present)
            or (pattern is not None and (text is None or not pattern.search(text)))
        )

    return holds


def look(line: Line, path: str) -> Any:
    """What stands at a path: the column of that very name, else field by field (`attrs.queue`, `tasks.0.due`)."""
    if path in line:
        return line[path]
    found: Any = line
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def text_at(line: Line, path: str) -> str | None:
    """A cell as text; None when it is empty or missing. ValueError when it is an object or a list."""
    return _text(look(line, path))


def _text(found: Any) -> str | None:
    if isinstance(found, str):  # asked first: almost every cell of a log is one
        return found.strip() or None
    match found:
        case None:
            return None
        case bool():
            return str(found).lower()
        case int() | float():
            return str(found)
        case Mapping() | list():
            return "(an object or a list)"
    return str(found)


def getter(value: Value) -> Callable[[Line], str | None]:
    plain = _plain(value)
    table, default = value.map, value.default
    if table is None and default is None:
        return plain

    def get(line: Line) -> str | None:
        text = plain(line)
        if text is not None and table is not None:
            text, seen = table.get(text), text
            if text is None and default is None:
                raise ValueError(f"{seen!r} is not in `map`")
        return default if text is None else text

    return get


def _plain(value: Value) -> Callable[[Line], str | None]:
    if value.column is not None:
        column = value.column

        def get(line: Line) -> str | None:
            found = look(line, column)
            if isinstance(found, dict | list):
                raise ValueError(f"column {column} holds an object or a list, not a text")
            return _text(found)

        return get
    if value.first_of is not None:
        getters = [getter(each) for each in value.first_of]
        return lambda line: next((text for get in getters if (text := get(line)) is not None), None)
    if value.template is not None:
        template, columns = value.template, re.findall(r"\{([^{}]+)\}", value.template)

        def fill(line: Line) -> str | None:
            texts = {column: text_at(line, column) for column in columns}
            if None in texts.values():
                return None
            return re.sub(r"\{([^{}]+)\}", lambda found: str(texts[found[1]]), template)

        return fill
    return lambda line: value.constant
