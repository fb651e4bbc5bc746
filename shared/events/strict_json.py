"""JSON as RFC 8259 and I-JSON mean it: what lax parsers let through (duplicate keys, NaN, NUL, lone surrogates) is
refused.
"""

import json
from typing import Any

import orjson


class NotStrictJson(ValueError):
    """The bytes are not JSON, or not unambiguous JSON. The message never repeats them."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("an object has the same key twice")
    return found


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
        case list():
            return any(map(_holds_nul, value))
    return False


def loads(raw: bytes) -> Any:
    """The value, with every doubt refused as NotStrictJson."""
    try:
        orjson.loads(raw)  # refuses NaN, Infinity, lone surrogates, bad UTF-8 and excessive nesting, in a microsecond
        value = json.loads(raw, object_pairs_hook=_no_duplicates)
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotStrictJson("is not JSON: RFC 8259, UTF-8, no NaN or Infinity, no lone surrogates") from error
    if (b"\\u0000" in raw) and _holds_nul(value):
        raise NotStrictJson("a string holds a NUL character")
    return value
