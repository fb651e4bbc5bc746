"""Whether who sends an event may send it: by the token of a request, or of a message on Kafka.

A message carries its publisher's token in the header `duban-token`. It counts by the time at which the broker took the
message, where the broker says so (docs/decisions/identity.md): what waits while we are down does not expire. The header
is taken off before anything is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.rules.permit import EVERYTHING, Grant
from services.intake.rules.refusal import Refused, refused
from shared.clock import wall
from shared.exposure import Exposed
from shared.identity.roles import Principal, Role
from shared.identity.tokens import Checked, TokenRefused, Verifier
from shared.inbox import TOKEN, Message

Permission = Grant | Refused


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may send by Kafka. Without a verifier everybody may; `required`: a message without a token is refused."""

    verifier: Verifier | None = None
    required: bool = False

    async def of_messages(self, messages: Sequence[Message]) -> list[Permission]:
        """One for each message, in order; each distinct token is checked once. Raises KeysUnavailable: then the batch
        waits, and nobody is refused."""
        if self.verifier is None:
            return [EVERYTHING] * len(messages)
        now = wall().timestamp()
        taken_at = [now if m.appended_at is None else m.appended_at for m in messages]
        tokens = [_token(m) for m in messages]
        latest: dict[bytes, float] = {}
        for token, at in zip(tokens, taken_at, strict=True):
            if isinstance(token, bytes):
                latest[token] = max(at, latest.get(token, at))
        checked = {token: await _check(self.verifier, token, at) for token, at in latest.items()}
        return [self._permission(token, checked, at) for token, at in zip(tokens, taken_at, strict=True)]

    def _permission(
        self, token: bytes | Refused | None, checked: dict[bytes, Checked | Refused], at: float
    ) -> Permission:
        if token is None:
            if self.required:
                return refused("token-required", "", f"a message carries its publisher's token in the header {TOKEN}")
            return EVERYTHING
        found = token if isinstance(token, Refused) else checked[token]
        if isinstance(found, Refused):
            return found
        try:
            return grant_of(found.at(at), by_kafka=True)
        except TokenRefused as error:
            return _invalid(error)


def admission_of(verifier: Verifier | None, *, reachable: bool, required: bool | None) -> Admission:
    """Where anybody beyond this machine may send, messages need tokens. Raises Exposed where they are not to, or cannot
    be checked."""
    needed = reachable if required is None else required
    if reachable and not needed:
        raise Exposed("DUBAN_INTAKE_REQUIRE_TOKENS is off, and others than this machine may send: leave it unset")
    if needed and verifier is None:
        raise Exposed(
            "messages on Kafka need their publishers' tokens, and no identity provider is named: set"
            " DUBAN_IDENTITY_JWKS, DUBAN_IDENTITY_ISSUER and DUBAN_IDENTITY_AUDIENCE. See docs/security.md"
        )
    return Admission(verifier, needed)


CONFIRMING = frozenset({Role.OFFICE, Role.SUPERVISOR})


def grant_of(principal: Principal, *, by_kafka: bool = False) -> Permission:
    """What a sender was given; a refusal for whoever may send nothing. Messages are systems' and not people's: who
    confirms a miss does so over HTTP."""
    publishes = Role.PUBLISHER in principal.roles
    confirms = not by_kafka and bool(principal.roles & CONFIRMING)
    if not publishes and not confirms:
        return refused("not-a-publisher", "", "the token's bearer is not a publisher")
    return Grant(principal.authorities, principal.sources, publishes, confirms)


async def _check(verifier: Verifier, token: bytes, at: float) -> Checked | Refused:
    try:
        return await verifier.check(token.decode("ascii", "replace"), at)
    except TokenRefused as error:
        return _invalid(error)


def _invalid(error: TokenRefused) -> Refused:
    return refused(f"token-{error.code}", "", str(error))


def _token(message: Message) -> bytes | Refused | None:
    found = [value for name, value in message.headers if name.lower() == TOKEN]
    if not found:
        return None
    if len(found) > 1 or found[0] is None:
        return refused("token-malformed", "", f"the header {TOKEN} holds one token")
    return found[0]
