"""Storms are rationed in notices, never in decisions: of what comes to a person in one window the first are told one by
one, and the rest by one digest.

                     ┌─ the first `most` of a window ─► told by itself
    new, for sending ┤
                     └─ each further one ─────────────► told by the window's digest

Each notice is told in one of the two ways, once, in whatever order and however often its event arrives: only what is
new is counted. Windows begin at multiples of their length since 1970, by business time. Webhooks have no digests:
whoever takes events takes them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid5

from services.notification.rules.notices import NAMESPACE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ration:
    """So many notices in a window are told by themselves."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Given:
    """How many notices somebody was given in the window since, those of the batch in hand among them."""

    since: datetime
    told: int


def begins(ration: Ration, now: datetime) -> datetime:
    """When the window of `now` began."""
    return now - (now - _EPOCH) % ration.window


def digest_id(recipient: str, channel: str, since: datetime) -> str:
    """The digest of a window has the same id whoever fills it."""
    return str(uuid5(NAMESPACE, "\n".join(("digest", recipient, channel, since.astimezone(UTC).isoformat()))))


def gathered(ration: Ration, coming: Iterable[str], given: Given) -> list[str]:
    """Which of the notices that come to one person, by id and in order, are told by the digest."""
    ids = list(coming)
    return ids[max(ration.most - (given.told - len(ids)), 0) :]
