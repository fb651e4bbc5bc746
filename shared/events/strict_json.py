"""JSON as RFC 8259 and I-JSON mean it: what lax parsers let through (duplicate keys, NaN, NUL, lone surrogates, numbers
that lose digits) is refused, and so is nesting that a writer downstream could not write again.
"""

import json
import math
from typing import Any

import orjson

DEPTH = 64
"""Objects and arrays within each other; an event needs six."""
INTEGERS = 2**53
"""Beyond it a reader that keeps numbers as doubles loses digits (RFC 7493)."""


class NotStrictJson(ValueError):
    """The bytes are not JSON, or not unambiguous JSON. `code` is for machines; the message never repeats the bytes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("duplicate-key", "an object has the same key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(value := int(digits)) >= INTEGERS:
        raise NotStrictJson("number-too-long", "an integer has more digits than every reader keeps: send a string")
    return value


def _float(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise NotStrictJson("number-too-large", "a number is beyond the range of a double")
    return value


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
        case list():
            return any(map(_holds_nul, value))
    return False


def _deeper_than(depth: int, value: object) -> bool:
    match value:
        case dict():
            return depth == 0 or any(_deeper_than(depth - 1, item) for item in value.values())
        case list():
            return depth == 0 or any(_deeper_than(depth - 1, item) for item in value)
    return False


_CAREFUL = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_int=_integer, parse_float=_float)
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def loads(raw: bytes) -> Any:
    """The value, with every doubt refused as NotStrictJson."""
    try:
        value = orjson.loads(raw)  # refuses NaN, Infinity, lone surrogates, bad UTF-8 and excessive nesting
        if not _is_unambiguous(raw, value):
            value = _CAREFUL.decode(raw.decode())
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotStrictJson("not-json", "is not JSON: RFC 8259, UTF-8, no NaN, no lone surrogates") from error
    if raw.count(b"{") + raw.count(b"[") > DEPTH and _deeper_than(DEPTH, value):
        raise NotStrictJson("too-deep", f"is nested deeper than {DEPTH}")
    if (b"\\u0000" in raw) and _holds_nul(value):
        raise NotStrictJson("nul-character", "a string holds a NUL character")
    return value


def _is_unambiguous(raw: bytes, value: object) -> bool:
    """Whether `value` holds all that was written, for certain; the second parser, ten times slower, is for doubts. A
    key that stood twice has lost a colon: there is none where the value, written again, has as many colons as the
    bytes, of which none hides as \\u003a. A number of fewer than 16 digits in a row is safe.
    """
    if b"0" * 16 in raw.translate(_DIGITS) or b"\\u003" in raw:
        return False
    try:
        return orjson.dumps(value).count(b":") == raw.count(b":")
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return False
