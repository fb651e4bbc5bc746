"""Checks bearer tokens: a signature by a key of the provider's, for us, from it, in its time; and reads what it says.

A token that was checked is remembered until the keys are read again, so that a batch costs one check for each distinct
token. What is refused is told by a code and in our own words: no part of a token is ever repeated.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from shared.clock import wall
from shared.identity.keys import Keys, UnknownKey
from shared.identity.roles import Principal, Role

LONGEST = 8192
"""Bytes of a token. Larger ones are refused unread."""
REMEMBERED = 1024
_SEGMENTS = 3
_NAME = 200

_WORDS = {
    "too-long": f"is longer than {LONGEST} bytes",
    "malformed": "is not a signed JWT",
    "algorithm": "is signed in a way that is not accepted here",
    "unknown-key": "is signed with a key that the identity provider does not have",
    "signature": "has a signature that does not fit",
    "issuer": "is from another issuer",
    "audience": "is meant for another audience",
    "no-expiry": "does not say when it expires",
    "expired": "has expired",
    "not-yet": "is not valid yet",
    "claims": "does not say who bears it in a form that can be read",
}


class TokenRefused(Exception):
    """The token does not count. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the token {_WORDS[code]}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Claims:
    """The names of the claims that say who bears a token, and what they may. A dot leads into an object
    (`realm_access.roles`), unless the name itself has one."""

    person: str = "sub"
    roles: str = "roles"
    authorities: str = "authorities"
    sources: str = "sources"


@dataclass(frozen=True, slots=True)
class Checked:
    """A token whose signature, issuer and audience are right. It counts from `not_before` to `expires`, both already
    widened by what clocks may differ; seconds since 1970."""

    principal: Principal
    not_before: float
    expires: float

    def at(self, instant: float) -> Principal:
        """Who bears it, if it counts at that instant. Raises TokenRefused."""
        if instant >= self.expires:
            raise TokenRefused("expired")
        if instant < self.not_before:
            raise TokenRefused("not-yet")
        return self.principal


class Verifier:
    """Checks tokens of one issuer for one audience."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        algorithms: Sequence[str],
        leeway_s: float,
        claims: Claims = Claims(),
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._algorithms = frozenset(algorithms)
        self._registry = JWSRegistry(algorithms=sorted(algorithms), strict_check_header=False)
        self._leeway_s = leeway_s
        self._claims = claims
        self._remembered: OrderedDict[str, Checked] = OrderedDict()
        self._generation = keys.generation

    async def verify(self, token: str) -> Principal:
        """Who bears a token that is presented now. Raises TokenRefused, KeysUnavailable."""
        now = wall().timestamp()
        return (await self.check(token, now)).at(now)

    async def check(self, token: str, presented_at: float) -> Checked:
        """All but its time, which `Checked.at` judges. Raises TokenRefused, KeysUnavailable."""
        if len(token) > LONGEST:
            raise TokenRefused("too-long")
        await self._keys.fresh()
        if self._generation != self._keys.generation:  # a key that the provider took back signs nothing any more
            self._remembered.clear()
        if (known := self._remembered.get(token)) is not None:
            self._remembered.move_to_end(token)
            return known
        checked = await self._read(token, presented_at)
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation
            self._remembered.clear()
        self._remembered[token] = checked
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return checked

    async def _read(self, token: str, presented_at: float) -> Checked:
        header = _header(token)
        algorithm, id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise TokenRefused("algorithm")
        if (id is not None and not isinstance(id, str)) or "crit" in header:
            raise TokenRefused("malformed")
        try:
            key = await self._keys.key(id, algorithm, presented_at)
        except UnknownKey:
            raise TokenRefused("unknown-key") from None
        try:
            payload = jws.deserialize_compact(token, key, registry=self._registry).payload
        except (JoseError, ValueError) as error:
            raise TokenRefused("signature" if isinstance(error, JoseError) else "malformed") from None
        return self._judge(_object(payload))

    def _judge(self, said: Mapping[str, Any]) -> Checked:
        if said.get("iss") != self._issuer:
            raise TokenRefused("issuer")
        audience = said.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefused("audience")
        if "exp" not in said:
            raise TokenRefused("no-expiry")
        expires = _instant(said["exp"])
        not_before = _instant(said["nbf"]) if "nbf" in said else -math.inf
        person = _named(said, self._claims.person)
        if not isinstance(person, str) or not 0 < len(person) <= _NAME:
            raise TokenRefused("claims")
        roles = frozenset(role for role in Role if role in _strings(said, self._claims.roles))
        authorities = _strings(said, self._claims.authorities)
        principal = Principal(person, roles, authorities, _strings(said, self._claims.sources))
        return Checked(principal, not_before - self._leeway_s, expires + self._leeway_s)


def _header(token: str) -> Mapping[str, Any]:
    if token.count(".") != _SEGMENTS - 1 or not token.isascii():
        raise TokenRefused("malformed")
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("malformed") from None


def _object(payload: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(payload)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TokenRefused("malformed")
    return found


def _instant(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefused("claims")
    return float(value)


def _named(said: Mapping[str, Any], name: str) -> object:
    if name in said:
        return said[name]
    found: object = said
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _strings(said: Mapping[str, Any], name: str) -> frozenset[str]:
    """A list of strings, or one string of words as in `scope`; nothing where the claim is not there."""
    found = _named(said, name)
    if found is None:
        return frozenset()
    if isinstance(found, str):
        return frozenset(found.split())
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise TokenRefused("claims")
    return frozenset(found)
