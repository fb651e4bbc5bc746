"""An identity provider for tests: keys, tokens as right or as wrong as a test wants them, and a place to fetch keys."""

import base64
import json
import warnings
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.clock import wall
from shared.identity.keys import Keys
from shared.identity.tokens import Verifier

ISSUER, AUDIENCE = "https://login.test/realms/gov", "duban"
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
HOUR = 3600
Key = ECKey | RSAKey | OKPKey


def ec_key(id: str | None = "key-1", curve: Any = "P-256") -> ECKey:
    return ECKey.generate_key(curve, parameters={"kid": id} if id else None)


def rsa_key(id: str, bits: int = 2048) -> RSAKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is short, where it is meant to be
        return RSAKey.generate_key(bits, parameters={"kid": id})


class Issuer:
    """Whose tokens count where `settings` are the services'."""

    def __init__(self, directory: Path, *keys: Key) -> None:
        self.file = directory / "jwks.json"
        self.keys = list(keys or [ec_key()])
        self.publish()

    def publish(self) -> None:
        """Show the public keys as they are now."""
        self.file.write_bytes(self.jwks)

    @property
    def jwks(self) -> bytes:
        return orjson.dumps({"keys": [key.as_dict(private=False) for key in self.keys]})

    @property
    def settings(self) -> dict[str, Any]:
        return {"identity_jwks": str(self.file), "identity_issuer": ISSUER, "identity_audience": AUDIENCE}

    def verifier(self, *, leeway_s: float = 0, refresh_s: float = 300, refetch_s: float = 0.1, **more: Any) -> Verifier:
        keys = Keys(str(self.file), refresh_s=refresh_s, refetch_s=refetch_s)
        return verifier_over(keys, leeway_s=leeway_s, **more)

    def token(
        self,
        *roles: str,
        person: str = "p-1",
        key: Key | None = None,
        header: dict[str, Any] | None = None,
        **said: Any,
    ) -> str:
        """A token that counts, save for what `said` changes; a claim that is None is left out."""
        key = key or self.keys[0]
        now = int(wall().timestamp())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": person, "exp": now + HOUR, "roles": list(roles), **said}
        algorithm = {"EC": "ES256", "RSA": "RS256", "OKP": "Ed25519"}[key.key_type]
        protected = {"alg": algorithm, **({"kid": key.kid} if key.kid else {}), **(header or {})}
        protected = {name: value for name, value in protected.items() if value is not None}
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(protected, present, key, algorithms=[protected["alg"]])

    def bearer(self, *roles: str, **said: Any) -> dict[str, str]:
        """The header of a request."""
        return {"authorization": f"Bearer {self.token(*roles, **said)}"}


def verifier_over(keys: Keys, *, leeway_s: float = 0, **more: Any) -> Verifier:
    return Verifier(keys, issuer=ISSUER, audience=AUDIENCE, leeway_s=leeway_s, **{"algorithms": ALGORITHMS, **more})


def segment(content: Any) -> str:
    """A part of a token made by hand."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
