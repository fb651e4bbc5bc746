"""Print a bearer token that the compose stack takes, signed with the key of its secrets. Not for production: there an
OpenID provider issues tokens, and docker-compose.yml names its keys.

    python deploy/docker/make_token.py publisher --person window-3 --authority quanzhou --source /quanzhou/approvals
    python deploy/docker/make_token.py supervisor --person p-7
"""

import argparse
import json
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey
from make_secrets import DIRECTORY

ISSUER, AUDIENCE = "urn:duban:compose", "duban"


def token(key: Path, roles: list[str], person: str, authorities: list[str], sources: list[str], hours: float) -> str:
    """Signed by the private key in the file; the names of its claims are the settings' defaults (docs/security.md)."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": person, "iat": now, "exp": now + int(hours * 3600),
        "roles": roles, "authorities": authorities, "sources": sources,
    }  # fmt: skip
    private = ECKey.import_key(json.loads(key.read_text(encoding="utf-8")))
    return jwt.encode({"alg": "ES256", "kid": private.kid}, claims, private)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "roles", nargs="+", help="publisher, clerk, official, office, supervisor, auditor, admin, service"
    )
    parser.add_argument("--person", required=True, help="whose token it is: an id of the directory, or a system's name")
    parser.add_argument("--authority", action="append", default=[], help="whose matters; * for all; may be repeated")
    parser.add_argument("--source", action="append", default=[], help="sources a publisher writes under; * for all")
    parser.add_argument("--hours", type=float, default=8, help="how long it counts")
    parser.add_argument("--key", type=Path, default=DIRECTORY / "token_key.json")
    given = parser.parse_args()
    print(token(given.key, given.roles, given.person, given.authority, given.source, given.hours))
