"""A person's inbox: delivered by being written, in the transaction that consumed the event."""

from collections.abc import Sequence

from services.notification import store
from services.notification.channels import Batch
from services.notification.publish import Ended
from services.notification.rules.notices import notice_id
from shared.postgres import Connection


class Inbox:
    """Takes every notice; a suppressed or failed one is kept and listed, and stands in nobody's inbox."""

    name = "inbox"

    async def begin(self, conn: Connection) -> "InboxSession":
        return InboxSession(conn)

    def wake(self) -> None:
        """Nothing is left to be sent."""


class InboxSession:
    """The inbox within one transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def wants(self, type_: str) -> bool:
        return False

    async def take(self, batch: Batch) -> Sequence[Ended]:
        written = {
            notice_id(w.notice.about, w.notice.recipient, w.notice.kind, Inbox.name): w for w in batch.notices
        }  # fmt: skip
        if not written:
            return ()
        new = await store.insert_notices(self._conn, written, channel=Inbox.name, now=batch.now)
        return [
            Ended(
                w.notice.state, id, w.matter_key, w.notice.about, w.notice.kind, Inbox.name, w.notice.recipient,
                reason=w.notice.reason,
            )
            for id, w in written.items() if id in new
        ]  # fmt: skip
