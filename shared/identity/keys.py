"""The public keys of the identity provider: a JWKS from a file or a URL, read again when it is old or lacks a key.

Keys are chosen by us, by the id that a token names; what a token brings along (`jwk`, `jku`, `x5c`) is never looked at.
Symmetric keys are not taken: whoever could check with one could sign with it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from shared.clock import wall
from shared.errors import WrongEnvironment

PublicKey = RSAKey | ECKey | OKPKey
MOST_BYTES = 1_000_000
SMALLEST_RSA_BITS = 2048
TIMEOUT_S = 5.0
_FAMILIES = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA", "Ed25519"}),
}
"""Which signatures a key can check: a key is never used for another family's, whatever a token says."""
log = structlog.get_logger()


class KeysUnavailable(ConnectionError):
    """The provider cannot be asked now. Nobody is refused for it: a request is answered 503, a message waits."""


class UnknownKey(Exception):
    """The provider has no such key."""


def is_url(place: str) -> bool:
    """Whether a JWKS is fetched; else it is a file."""
    return place.startswith(("https://", "http://"))


class Keys:
    """Those of one provider. A file is read at once, so that a wrong one ends the process when it starts."""

    def __init__(self, place: str, *, refresh_s: float, refetch_s: float, ca: Path | None = None) -> None:
        self._place = place
        self._refresh_s = refresh_s
        self._refetch_s = refetch_s
        self._ca = ca
        self._keys: Mapping[str | None, PublicKey] = {}
        self._loading = asyncio.Lock()
        self._tried_at = self._loaded_at = float("-inf")
        self.generation = 0
        if not is_url(place):
            self._take(_read(Path(place)))

    async def fresh(self) -> None:
        """Read the keys again where they are older than `refresh_s`; if that fails, the former ones go on."""
        now = wall().timestamp()
        if not 0 <= now - self._loaded_at < self._refresh_s:  # nor where the machine's clock was set back
            await self._load(asked_at=now)

    async def key(self, id: str | None, algorithm: str, asked_at: float) -> PublicKey:
        """The key that a token names, or the only one where it names none. `asked_at`: when the token was presented;
        a set read before that may lack its key and is read again, at most once in `refetch_s`. Raises UnknownKey,
        KeysUnavailable."""
        await self.fresh()
        if self._find(id) is None:
            await self._load(asked_at)
        found = self._find(id)
        if found is None:
            if self._loaded_at < asked_at:
                raise KeysUnavailable("the provider's keys cannot be read now")
            raise UnknownKey
        if algorithm not in _signs(found):
            raise UnknownKey
        return found

    def _find(self, id: str | None) -> PublicKey | None:
        if id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(id)

    async def _load(self, asked_at: float) -> None:
        """Unless it was read since `asked_at`, or tried within the last `refetch_s`: a stream of made-up key ids must
        not become a stream of requests to the provider."""
        async with self._loading:
            now = wall().timestamp()
            if self._loaded_at >= asked_at or 0 <= now - self._tried_at < self._refetch_s:
                return
            self._tried_at = now
            try:
                content = await (self._fetch() if is_url(self._place) else asyncio.to_thread(_read, Path(self._place)))
                self._take(content, now)
            except (httpx2.HTTPError, OSError, WrongEnvironment) as error:
                log.warning("identity_keys_not_read", error=type(error).__name__)

    async def _fetch(self) -> bytes:
        verify: Any = ssl.create_default_context(cafile=self._ca) if self._ca else True
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, verify=verify) as client:
            answer = await client.get(self._place, headers={"accept": "application/json"})
            answer.raise_for_status()
            if len(answer.content) > MOST_BYTES:
                raise WrongEnvironment("the provider's keys are larger than any set of keys")
            return bytes(answer.content)

    def _take(self, content: bytes, now: float | None = None) -> None:
        self._keys = _parse(content)
        self._loaded_at = wall().timestamp() if now is None else now
        self.generation += 1


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongEnvironment(f"DUBAN_IDENTITY_JWKS: {file} cannot be read: {type(error).__name__}") from None


def _parse(content: bytes) -> Mapping[str | None, PublicKey]:
    """The keys of a set that check signatures, by id. Raises WrongEnvironment where it is none, holds two of one id or
    a private key: then it is not the provider's public set."""
    try:
        entries = orjson.loads(content)["keys"]
        found: dict[str | None, PublicKey] = {}
        for entry in entries:
            if entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
                continue
            key = import_key(entry)
            if key.is_private:
                raise WrongEnvironment("DUBAN_IDENTITY_JWKS holds a private key: give the provider's public keys")
            if not isinstance(key, RSAKey | ECKey | OKPKey) or not _signs(key):
                continue
            if entry.get("kid") in found:
                raise WrongEnvironment("DUBAN_IDENTITY_JWKS holds two keys of one id")
            found[entry.get("kid")] = key
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise WrongEnvironment(f"DUBAN_IDENTITY_JWKS is not a JWKS: {type(error).__name__}") from None
    if not found:
        raise WrongEnvironment("DUBAN_IDENTITY_JWKS holds no public key that checks signatures")
    return found


def _signs(key: PublicKey) -> frozenset[str]:
    """The algorithms a key serves; none for one too short to be trusted."""
    if isinstance(key, RSAKey):
        can = _FAMILIES["RSA"] if key.raw_value.key_size >= SMALLEST_RSA_BITS else frozenset[str]()
    else:
        can = _FAMILIES.get(str(key.get("crv")), frozenset())
    return can & {key.alg} if key.alg else can
