"""HTTP of evidence: handed in with its digest, and read again. It is never changed and never leaves by Kafka."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import structlog
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from services.accountability import evidence_store, rectification_store, rectify
from services.accountability.asked import id_of, unknown
from services.accountability.evidence_store import ContentLost, Contents, Piece
from services.accountability.record.readings import note, on_record
from services.accountability.rectification_text import piece_shown
from services.accountability.rules.rectification import Rectification
from services.accountability.stepping import Done, Steps
from shared.clock import Clock
from shared.http import ProblemError
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

ALLOWED = frozenset(
    {
        "application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain", "audio/mpeg", "video/mp4",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)  # fmt: skip
"""What a reader's machine only shows. Nothing that runs in a browser: no HTML, no SVG."""
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
log = structlog.get_logger()


def routes(pool: Pool, clock: Clock, contents: Contents, most_bytes: int, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")
    steps = Steps(pool, clock, committed)

    @router.post("/rectifications/{id}/evidence", status_code=201, openapi_extra=_BODY)
    @allow(Role.OFFICIAL, Role.OFFICE)
    async def hand_in(id: str, request: Request, by: str | None = None) -> Response:
        """Hand a file in. `Content-Digest: sha-256=:…:` (RFC 9530) must be that of the body. The same content again is
        answered alike, 200."""
        media_type = _media_type(request)
        said = _said(request)
        content = await _read(request, most_bytes)
        digest = hashlib.sha256(content).digest()
        if digest != said:
            raise ProblemError(
                422, "digest-differs", "The content is not what its digest says", "Nothing was stored: send it again."
            )

        async def take(conn: Connection, person: str, now: datetime) -> Done:
            held = await _held(conn, request, id_of(id, "evidence"), now)
            if held.state == "verified":
                raise ProblemError(409, "ended", "The rectification is verified: nothing more is handed in")
            piece = Piece(uuid4(), held.authority, held.matter, held.id, media_type, len(content), digest, person, now)
            if not await evidence_store.add(conn, held, piece):
                there = next(each for each in await evidence_store.of(conn, held.id) if each.sha256 == digest)
                return Done(piece_shown(there), 200)
            await contents.put(conn, digest, content)
            return Done(piece_shown(piece))

        return await steps.take(request, digest, by, take)

    @router.get("/evidence/{id}")
    @allow(Role.OFFICIAL, Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR)
    async def read_evidence(id: str, request: Request) -> Response:
        """The content, to be saved and not shown by a browser; who was handed it is on record."""
        async with on_record(pool) as conn:
            piece = await evidence_store.select(conn, id_of(id, "evidence"))
            if piece is None:
                raise unknown("evidence")
            held = await _held(conn, request, piece.rectification, (await clock.moment(conn)).now)
            await note(conn, clock, caller_of(request).person, "evidence", [held.key], about=str(piece.id))
            try:
                content = await contents.get(conn, piece.sha256)
            except ContentLost as error:
                log.error("evidence_lost", evidence=str(piece.id))
                raise ProblemError(500, "evidence-lost", "The content is not what was handed in") from error
        return Response(
            content,
            media_type=piece.media_type,
            headers={
                "etag": f'"{piece.sha256.hex()}"',
                "content-disposition": f'attachment; filename="{piece.id}"',
                "content-digest": f"sha-256=:{base64.b64encode(piece.sha256).decode()}:",
                "x-content-type-options": "nosniff",
                "cache-control": "private",
            },
        )

    return router


_BODY = {"requestBody": {"required": True, "content": {name: {} for name in sorted(ALLOWED)}}}


async def _held(conn: Connection, request: Request, id: UUID, now: datetime) -> Rectification:
    held = await rectification_store.select(conn, id)
    if held is None or not await rectify.may_see(conn, request, held, now):
        raise ProblemError(404, "no-such-rectification", "There is no rectification of this id")
    return held


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in ALLOWED:
        raise ProblemError(415, "media-type", "Files of this type are not taken as evidence", accepted=sorted(ALLOWED))
    return given


def _said(request: Request) -> bytes:
    found = _DIGEST.search(request.headers.get("content-digest", ""))
    try:
        return base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        return b""


async def _read(request: Request, most: int) -> bytes:
    """The body, never beyond `most` bytes: a length that is announced is believed only where it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise ProblemError(400, "cut-off", "The request ended before its body did") from None
    if not body:
        raise ProblemError(422, "empty", "There is nothing in it")
    return bytes(body)


def _too_large(most: int) -> ProblemError:
    return ProblemError(413, "too-large", "The file is too large", f"At most {most} bytes.")
