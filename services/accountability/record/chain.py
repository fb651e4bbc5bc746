"""The arithmetic of the record (I14): to which of 64 chains a row belongs, how it is spelled, how its hash follows.

    h(0) = SHA-256("duban record 1, chain <number>")
    h(n) = SHA-256(h(n-1), canonical JSON of row n)

Canonical JSON: keys sorted, no spaces, UTF-8; values are texts, integers, true, false and arrays of texts; what is null
is left out, so that a column that is added later changes no row that stands. services/cli/record_verifier.py says the
same in its own words.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.events.base import aggregate_key

CHAINS = 64
FORMAT = "duban record 1"
Value = str | int | bool | list[str]
Spelled = dict[str, str | dict[str, Value]]


def chain_of(authority: str, name: str) -> int:
    """By what a row is about: a matter, a post, a reader."""
    return hashlib.sha256(aggregate_key(authority, name).encode()).digest()[0] % CHAINS


def spelled(kind: str, row: Mapping[str, Any]) -> Spelled:
    """A row as its canonical JSON has it."""
    return {"kind": kind, "row": {name: _spelled(value) for name, value in row.items() if value is not None}}


def canonical(value: Mapping[str, Any]) -> bytes:
    """One spelling, byte for byte."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def follow(before: bytes, row: Spelled) -> bytes:
    """h(n), from h(n-1) and the row."""
    return hashlib.sha256(before + canonical(row)).digest()


def root(ends: Sequence[tuple[int, bytes]]) -> dict[str, list[Any]]:
    """The state of all chains, as a head has it: how long each is, and its last hash."""
    return {"lengths": [n for n, _ in ends], "hashes": [hash.hex() for _, hash in ends]}


def _spelled(value: Any) -> Value:
    if isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [str(each) for each in value]
    raise TypeError(f"a {type(value).__name__} has no canonical spelling")
