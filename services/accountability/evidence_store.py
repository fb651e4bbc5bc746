"""Evidence: what was handed in, and where its content is kept: in Postgres, or in a directory, behind one interface.

Content is kept by its SHA-256, once, and never changed: altered, it would cease to be what it is named by, and reading
it again says so.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from services.accountability.rules.rectification import Rectification
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "evidence.sql")
PART = 256 * 1024
"""Bytes of a part in Postgres."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence, without its content."""

    id: UUID
    authority: str
    matter: str
    rectification: UUID
    media_type: str
    size: int
    sha256: bytes
    given_by: str
    given_at: datetime


class ContentLost(Exception):
    """What is kept is not what was handed in: it is gone, or altered. An operator looks at the place it is kept in."""


class Contents(Protocol):
    """A place for contents. `put` may be called again for what is there."""

    async def put(self, conn: Connection, sha256: bytes, content: bytes) -> None:
        """Keep it; with the caller's transaction, or before."""

    async def get(self, conn: Connection, sha256: bytes) -> bytes:
        """The content of a digest. ContentLost."""


class InPostgres:
    """In parts of a table, so that no single value is large; restored and replicated with everything else."""

    async def put(self, conn: Connection, sha256: bytes, content: bytes) -> None:
        if await conn.fetchval(Q["has_evidence_content"], sha256):
            return
        for n, begin in enumerate(range(0, len(content), PART)):
            await conn.execute(Q["add_evidence_part"], sha256, n, content[begin : begin + PART])

    async def get(self, conn: Connection, sha256: bytes) -> bytes:
        found, n = bytearray(), 0
        while (part := await conn.fetchval(Q["select_evidence_part"], sha256, n)) is not None:
            found += part
            n += 1
        return _whole(bytes(found), sha256)


class InDirectory:
    """One file each, in a directory that is backed up on its own. It is written whole under another name first: a file
    of that name is complete. One that no row speaks of is left from a request that was not stored, and harmless."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def put(self, conn: Connection, sha256: bytes, content: bytes) -> None:
        await asyncio.to_thread(self._write, self._file(sha256), content)

    async def get(self, conn: Connection, sha256: bytes) -> bytes:
        try:
            found = await asyncio.to_thread(self._file(sha256).read_bytes)
        except FileNotFoundError:
            raise ContentLost(f"{sha256.hex()} is gone") from None
        return _whole(found, sha256)

    def _file(self, sha256: bytes) -> Path:
        name = sha256.hex()
        return self._directory / name[:2] / name

    def _write(self, file: Path, content: bytes) -> None:
        if file.exists():
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{uuid4().hex}")
        with draft.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
        above = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


def contents_of(directory: Path | None) -> Contents:
    """The place that the settings name."""
    return InPostgres() if directory is None else InDirectory(directory)


def _whole(content: bytes, sha256: bytes) -> bytes:
    if hashlib.sha256(content).digest() != sha256:
        raise ContentLost(f"{sha256.hex()} is not whole")
    return content


async def add(conn: Connection, of: Rectification, new: Piece) -> bool:
    """Keep what was handed in; False where the same content was, for the same rectification."""
    added = await conn.fetchval(
        Q["add_evidence"], new.id, of.authority, of.matter, of.id, new.media_type, new.size, new.sha256, new.given_by,
        new.given_at,
    )  # fmt: skip
    return added is not None


async def select(conn: Connection, id: UUID) -> Piece | None:
    """One piece, without its content."""
    row = await conn.fetchrow(Q["select_evidence"], id)
    return None if row is None else _piece(row)


async def of(conn: Connection, rectification: UUID) -> Sequence[Piece]:
    """Everything handed in for a rectification, in order."""
    return [_piece(row) for row in await conn.fetch(Q["select_evidence_of"], rectification)]


def _piece(row: Record) -> Piece:
    return Piece(
        row["evidence_id"], row["authority"], row["matter"], row["rectification_id"], row["media_type"], row["bytes"],
        row["sha256"], row["given_by"], row["given_at"],
    )  # fmt: skip
