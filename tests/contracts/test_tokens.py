"""A token counts if its provider signed it, for us, for now; each way in which it does not is refused by a code."""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc.jwk import OKPKey

from shared.clock import wall
from shared.identity.roles import Role
from shared.identity.tokens import LONGEST, Claims, TokenRefused
from tests.support.identity import AUDIENCE, HOUR, Issuer, ec_key, rsa_key, segment

Forge = Callable[[Issuer], str]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path, ec_key("key-1"), rsa_key("key-2"))


def now() -> int:
    return int(wall().timestamp())


def unsigned(issuer: Issuer) -> str:
    return f"{segment({'alg': 'none', 'kid': 'key-1'})}.{issuer.token('admin').split('.')[1]}."


def hmac_with_the_public_key(issuer: Issuer) -> str:
    """The classic: the public key taken for a shared secret."""
    head = f"{segment({'alg': 'HS256', 'kid': 'key-2'})}.{issuer.token('admin').split('.')[1]}"
    secret = issuer.keys[1].as_pem(private=False)
    return f"{head}.{segment(hmac.new(secret, head.encode(), sha256).digest())}"


def brings_its_own_key(issuer: Issuer) -> str:
    stranger = ec_key("key-1")
    return issuer.token("admin", key=stranger, header={"jwk": stranger.as_dict(private=False)})


def changed(issuer: Issuer) -> str:
    head, body, signature = issuer.token("clerk").split(".")
    padded = orjson.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{segment({**padded, 'roles': ['admin']})}.{signature}"


def critical(issuer: Issuer) -> str:
    """A header that whoever does not know it must not pass over."""
    head = {"alg": "ES256", "kid": "key-1", "crit": ["until"], "until": 1}
    return ".".join([segment(head), *issuer.token("admin").split(".")[1:]])


FORGED: dict[str, tuple[Forge, str]] = {
    "alg none": (unsigned, "algorithm"),
    "HS256 with the public key": (hmac_with_the_public_key, "algorithm"),
    "a key of its own": (brings_its_own_key, "signature"),
    "another's key under our id": (lambda i: i.token("admin", key=ec_key("key-1")), "signature"),
    "unknown key": (lambda i: i.token("admin", key=ec_key("key-9")), "unknown-key"),
    "no key named, where there are two": (lambda i: i.token("admin", header={"kid": None}), "unknown-key"),
    "an EC signature under an RSA key's id": (lambda i: i.token("admin", header={"kid": "key-2"}), "unknown-key"),
    "changed after it was signed": (changed, "signature"),
    "expired": (lambda i: i.token("admin", exp=now() - 1), "expired"),
    "not valid yet": (lambda i: i.token("admin", nbf=now() + 60), "not-yet"),
    "never expires": (lambda i: i.token("admin", exp=None), "no-expiry"),
    "expires in words": (lambda i: i.token("admin", exp="tomorrow"), "claims"),
    "expires at true": (lambda i: i.token("admin", exp=True), "claims"),
    "wrong audience": (lambda i: i.token("admin", aud="billing"), "audience"),
    "no audience": (lambda i: i.token("admin", aud=None), "audience"),
    "wrong issuer": (lambda i: i.token("admin", iss="https://login.test/realms/other"), "issuer"),
    "nobody's": (lambda i: i.token("admin", sub=None), "claims"),
    "a number's": (lambda i: i.token("admin", sub=7), "claims"),
    "roles that are no list": (lambda i: i.token(roles={"admin": True}), "claims"),
    "critical header": (critical, "malformed"),
    "no JWT": (lambda i: "c2VjcmV0", "malformed"),
    "five parts, encrypted": (lambda i: "a.b.c.d.e", "malformed"),
    "not base64": (lambda i: "!.!.!", "malformed"),
    "not ASCII": (lambda i: "é.b.c", "malformed"),
    "empty": (lambda i: "", "malformed"),
    "huge": (lambda i: "a" * (LONGEST + 1), "too-long"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_what_does_not_count_is_refused_by_a_code_that_repeats_nothing(name: str, issuer: Issuer) -> None:
    forge, code = FORGED[name]
    token = forge(issuer)
    with pytest.raises(TokenRefused) as refused:
        await issuer.verifier().verify(token)
    assert refused.value.code == code
    assert not any(part and part in str(refused.value) for part in token.split(".") if len(part) > 3)


async def test_what_counts_says_who_and_what(issuer: Issuer) -> None:
    token = issuer.token(
        "publisher", "clerk", "dancer", person="p-7", aud=["x", AUDIENCE], authorities=["fuzhou"], sources="/a /b"
    )
    found = await issuer.verifier().verify(token)
    assert found.person == "p-7"
    assert found.roles == {Role.PUBLISHER, Role.CLERK}
    assert found.authorities == {"fuzhou"}
    assert found.sources == {"/a", "/b"}


@pytest.mark.parametrize("key", [ec_key("e"), rsa_key("r"), OKPKey.generate_key("Ed25519", parameters={"kid": "o"})])
async def test_every_family_of_keys_counts(key: Any, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, key)
    assert (await issuer.verifier().verify(issuer.token("clerk"))).roles == {Role.CLERK}


async def test_an_algorithm_that_is_not_on_the_list_does_not_count(issuer: Issuer) -> None:
    with pytest.raises(TokenRefused) as refused:
        await issuer.verifier(algorithms=("RS256",)).verify(issuer.token("clerk"))
    assert refused.value.code == "algorithm"


async def test_one_key_needs_no_name(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, ec_key(None))
    assert (await issuer.verifier().verify(issuer.token("clerk"))).roles == {Role.CLERK}


async def test_clocks_may_differ_by_what_the_setting_says(issuer: Issuer) -> None:
    lenient = issuer.verifier(leeway_s=60)
    assert await lenient.verify(issuer.token("clerk", exp=now() - 30))
    assert await lenient.verify(issuer.token("clerk", nbf=now() + 30))
    with pytest.raises(TokenRefused):
        await lenient.verify(issuer.token("clerk", exp=now() - 90))


async def test_claims_have_the_names_that_the_provider_gives_them(issuer: Issuer) -> None:
    claims = Claims(person="https://gov.test/person", roles="realm_access.roles", authorities="groups")
    said: dict[str, Any] = {
        "https://gov.test/person": "p-3",
        "realm_access": {"roles": ["auditor"]},
        "groups": ["fuzhou"],
    }
    found = await issuer.verifier(claims=claims).verify(issuer.token(**said))
    assert found.person == "p-3"
    assert found.roles == {Role.AUDITOR}
    assert found.authorities == {"fuzhou"}


async def test_a_token_without_roles_is_somebody_who_may_do_nothing(issuer: Issuer) -> None:
    assert (await issuer.verifier().verify(issuer.token(roles=None))).roles == frozenset()


async def test_a_remembered_token_expires_all_the_same(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    checked = await verifier.check(issuer.token("clerk", exp=now() + HOUR), now())
    assert checked.at(now()).roles == {Role.CLERK}
    with pytest.raises(TokenRefused) as refused:
        checked.at(now() + HOUR)
    assert refused.value.code == "expired"
