"""The seam for ways of telling people: an inbox, webhooks, and whatever comes later.

A channel is given every batch within its transaction: the events themselves and the notices that they mean for people.
It writes what it needs to tables of its own, and says what is final already. A channel that calls the outside never
does so here: it keeps rows, is woken after the commit, and sends from a loop of its own. E-mail or chat is one more
module, named in `main.py`; nothing else changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notification.publish import Ended
from services.notification.store import Written
from shared.inbox import Message
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Batch:
    """What happened, in the order of the batch, and who must know of it. A channel reads those events that it wants."""

    now: datetime
    events: Sequence[Message]
    notices: Sequence[Written]


class Session(Protocol):
    """A channel within one transaction."""

    def wants(self, type_: str) -> bool:
        """Whether the channel needs events of this type besides those that people are told of."""
        ...

    async def take(self, batch: Batch) -> Sequence[Ended]:
        """Keep what is to be delivered; what has ended with that."""
        ...


class Channel(Protocol):
    """One way of telling."""

    name: str

    async def begin(self, conn: Connection) -> Session: ...

    def wake(self) -> None:
        """A batch was committed."""
        ...
