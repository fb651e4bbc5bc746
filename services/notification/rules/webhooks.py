"""Webhooks: which events a subscription takes, which addresses may be called, and when a failed call is tried again.

    pending ──2xx──► sent
       │ ▲───any other answer, none, or unknown: after a growing, jittered delay
       ├──attempts used up────────────► failed
       └──410 Gone────────────────────► failed, and the subscription is disabled

Delays are measured on the database's clock by whoever stores them; business time plays no part here. Order between
deliveries is not promised: each carries its event's revision.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Outcome = Literal["sent", "gone", "refused", "timeout", "unreachable", "blocked"]
"""Of one attempt: 2xx; 410; any other answer; none in time; no connection; an address that may not be called."""

EXHAUSTED = "attempts-exhausted"
GONE = "subscription-gone"
DELETED = "subscription-deleted"

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long: the nth retry waits `base_s` doubled n-1 times, `cap_s` at most."""

    attempts: int
    base_s: float
    cap_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt. `status` is the HTTP status where there was an answer; nothing else of it is kept."""

    outcome: Outcome
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the delivery; `delay_s` is for `pending`."""

    state: Literal["sent", "failed", "pending"]
    delay_s: float = 0.0
    reason: str | None = None


def takes(patterns: Iterable[str], type_: str) -> bool:
    """Whether a subscription to `patterns` (`case.opened`, `case.*`) takes events of a type."""
    stem = type_.partition(".")[0]
    return any(pattern in (type_, f"{stem}.*") for pattern in patterns)


def judge(answer: Answer, attempt: int, policy: Policy, jitter: float) -> Verdict:
    """After the `attempt`th attempt; `jitter` is drawn from [0, 1)."""
    if answer.outcome == "sent":
        return Verdict("sent")
    if answer.outcome == "gone":
        return Verdict("failed", reason=GONE)
    if attempt >= policy.attempts:
        return Verdict("failed", reason=EXHAUSTED)
    return Verdict("pending", delay(attempt, policy, jitter))


def delay(failures: int, policy: Policy, jitter: float) -> float:
    """Seconds to wait after so many failures in a row: between a half and the whole of the doubled base, so that what
    failed together does not come back together."""
    whole = min(policy.cap_s, policy.base_s * 2.0 ** min(failures - 1, 60))
    return whole * (1 + jitter) / 2


def wrong_with_url(url: str, *, allow_private: bool) -> str | None:
    """Why a webhook may not go there, as far as the address itself shows; a name is judged when it is resolved."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return "is not an https URL"
    if not host or port == 0:
        return "has no host that can be called"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "holds a user name, a password or a fragment"
    if not allow_private and not (_is_name(host) or is_public(host)):
        return "is an address that is not public"
    return None


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local (where clouds keep their
    metadata), multicast or reserved, nor an IPv6 wrapping of such a one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
