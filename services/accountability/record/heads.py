"""Signed heads over all chains: what makes it visible that a chain was cut off or counted anew (I14).

A head holds how long each of the 64 chains is and its last hash, and the head before it by its hash; Ed25519 signs its
canonical JSON. It is kept, and published through the outbox in the transaction that makes it
(docs/decisions/a-record-of-64-chains.md).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from services.accountability.record import store
from services.accountability.record.chain import FORMAT, canonical, root
from shared import outbox
from shared.errors import WrongEnvironment
from shared.events.record import RecordSealed
from shared.outbox import Message
from shared.postgres import Connection

TOPIC, SOURCE, SUBJECT = "record-heads", "/duban/accountability", "duban/record"
KEY_CHARS = 16


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of this service, and what heads call it: how its SHA-256 begins."""

    private: Ed25519PrivateKey
    public: bytes
    key: str


def signer_of(file: Path | None) -> Signer | None:
    """The key in a PEM file; None where no file is set: rows are sealed then, and no head is made. Raises
    WrongEnvironment."""
    if file is None:
        return None
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise WrongEnvironment(f"DUBAN_RECORD_KEY: {file} holds no key: {type(error).__name__}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise WrongEnvironment("DUBAN_RECORD_KEY: it must be an Ed25519 private key in PEM")
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Signer(private, public, hashlib.sha256(public).hexdigest()[:KEY_CHARS])


async def make(conn: Connection, signer: Signer, every: timedelta, now: datetime) -> bool:
    """A head, if the last one is so old and a chain has grown since; whether one was made. Who seals calls it, alone.
    `now` is business time, as in every event."""
    last = await store.last_head(conn, every)
    if last is not None and not last["due"]:
        return False
    state = root([end for _, end in sorted((await store.ends(conn)).items())])
    if not any(state["lengths"]) if last is None else orjson.loads(last["body"])["hashes"] == state["hashes"]:
        return False
    said: dict[str, Any] = {
        "format": FORMAT, "n": 1 if last is None else last["n"] + 1, "at": now.isoformat(), "key": signer.key, **state,
    }  # fmt: skip
    if last is not None:
        said["previous"] = last["hash"].hex()
    body = canonical(said)
    signature = signer.private.sign(body)
    digest = hashlib.sha256(body).digest()
    await store.add_head(conn, said["n"], body, digest, signature, signer.key, signer.public)
    await outbox.append(conn, [message(said, signature)])
    return True


def message(said: Mapping[str, Any], signature: bytes) -> Message:
    """A head as it is published, whenever that is: a witness may have it twice, and it is the same."""
    event = RecordSealed.model_validate({**said, "lengths": tuple(said["lengths"]), "hashes": tuple(said["hashes"]),
                                         "signature": signature.hex()})  # fmt: skip
    id = f"{TOPIC}|{said['n']}|{signature.hex()[:KEY_CHARS]}"
    at = datetime.fromisoformat(said["at"])
    return outbox.message(
        TOPIC, event, id=id, source=SOURCE, subject=SUBJECT, time=at, revision=said["n"], causation=None
    )
