"""Keys and tokens of one run: what an identity provider would give, for a stack that this machine alone reaches.

The public key is in the run's directory; the private one in the small file by which other commands of the same user
find the stack (services/cli/stack.py), so that they can be somebody. It ends with the run.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.clock import wall
from shared.identity.roles import ALL, Role
from shared.identity.tokens import Claims

ISSUER = "urn:duban:run"
AUDIENCE = "duban"
LIFETIME_S = 30 * 86_400
"""Longer than anyone leaves a demo running; the keys end with the run, and the tokens with them."""


class RunIdentity:
    """One key pair, made now."""

    def __init__(self, directory: Path) -> None:
        self._key = ECKey.generate_key("P-256", parameters={"kid": directory.name, "use": "sig", "alg": "ES256"})
        self._jwks = directory / "jwks.json"
        self._jwks.write_bytes(orjson.dumps({"keys": [self._key.as_dict(private=False)]}))

    @property
    def settings(self) -> dict[str, str]:
        """What the services are told."""
        return {
            "DUBAN_IDENTITY_JWKS": str(self._jwks),
            "DUBAN_IDENTITY_ISSUER": ISSUER,
            "DUBAN_IDENTITY_AUDIENCE": AUDIENCE,
            "DUBAN_IDENTITY_ALGORITHMS": "ES256",
            **{f"DUBAN_IDENTITY_{name.upper()}_CLAIM": claim for name, claim in asdict(Claims()).items()},
        }

    def token(self, person: str, *roles: Role, lifetime_s: float = LIFETIME_S) -> str:
        """A token of someone with these roles, for every authority and source."""
        return token_of(self.private, person, *roles, lifetime_s=lifetime_s)

    @property
    def private(self) -> dict[str, Any]:
        """The private key, as a JWK."""
        return dict(self._key.as_dict(private=True))


def token_of(key: Mapping[str, Any], person: str, *roles: Role, lifetime_s: float = LIFETIME_S) -> str:
    """A token of someone with these roles, for every authority and source, signed with a run's private key."""
    now = int(wall().timestamp())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": person, "iat": now, "exp": now + lifetime_s,
        "roles": [role.value for role in roles], "authorities": [ALL], "sources": [ALL],
    }  # fmt: skip
    return jwt.encode({"alg": "ES256", "kid": key["kid"]}, claims, ECKey.import_key(dict(key)))
