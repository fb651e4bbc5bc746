"""Free texts and names, apart from the events that speak of them: an event carries at most the digest of a text, so
that erasing the text breaks no chain (R31).

The digest is SHA-256 over a salt of its own and the text; who knows only the digest cannot try out likely texts.
Erasing takes the salt along with the text. Functions take the caller's connection, decide nothing and never commit.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.accountability.record import store
from shared.postgres import Connection

SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a text is kept, and what an event may say of it: `sha256` in hexadecimal."""

    id: UUID
    sha256: str


async def keep(
    conn: Connection,
    *,
    authority: str,
    matter: str,
    kind: str,
    text: str,
    at: datetime,
    case_id: UUID | None = None,
) -> Kept:
    """Keep a text for ever, or until two people erase it on a legal ground. `kind` is a word such as `defence` or
    `reason`; `matter` is empty for what belongs to none, as a name."""
    salt, id = secrets.token_bytes(SALT_BYTES), uuid4()
    digest = hashlib.sha256(salt + text.encode())
    await store.add_text(conn, id, authority, matter, case_id, kind, salt, digest.digest(), text, at)
    return Kept(id, digest.hexdigest())


async def read(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str | None]:
    """The texts of these ids; None where it was erased. An id that is not known is left out."""
    return await store.bodies(conn, ids)
