"""A person's inbox: delivered by being written, in the transaction that consumed the event."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.notification import store
from services.notification.channels import Batch
from services.notification.publish import Ended
from services.notification.rules.digests import Ration, begins, digest_id, gathered
from services.notification.rules.notices import notice_id
from services.notification.store import Written
from shared.postgres import Connection


class Inbox:
    """Takes every notice; a suppressed or failed one is kept and listed, and stands in nobody's inbox."""

    name = "inbox"

    def __init__(self, ration: Ration) -> None:
        self._ration = ration

    async def begin(self, conn: Connection) -> "InboxSession":
        return InboxSession(conn, self._ration)

    def wake(self) -> None:
        """Nothing is left to be sent."""


class InboxSession:
    """The inbox within one transaction."""

    def __init__(self, conn: Connection, ration: Ration) -> None:
        self._conn = conn
        self._ration = ration

    def wants(self, type_: str) -> bool:
        return False

    async def take(self, batch: Batch) -> Sequence[Ended]:
        written = {
            notice_id(w.notice.about, w.notice.recipient, w.notice.kind, Inbox.name): w for w in batch.notices
        }  # fmt: skip
        if not written:
            return ()
        fresh = await store.select_new_notices(self._conn, written, Inbox.name)
        written = {id: w for id, w in written.items() if id in fresh}
        if not written:
            return ()
        digests = await self._gather(written, batch.now)
        new = await store.insert_notices(self._conn, written, digests, channel=Inbox.name, now=batch.now)
        return [
            Ended(
                w.notice.state, id, w.matter_key, w.notice.about, w.notice.kind, Inbox.name, w.notice.recipient,
                reason=w.notice.reason, digest=digests.get(id),
            )
            for id, w in written.items() if id in new
        ]  # fmt: skip

    async def _gather(self, written: Mapping[str, Written], now: datetime) -> dict[str, str]:
        """By which digest each of these is told, where it is."""
        coming: dict[str, list[str]] = {}
        digests: dict[str, str] = {}
        opened: dict[str, tuple[str, datetime]] = {}
        for id, w in written.items():
            if w.notice.state == "sent" and w.notice.gathered is not None:
                person, since = w.notice.recipient, w.notice.gathered
                digests[id] = digest = digest_id(person, Inbox.name, since)
                opened[digest] = (person, since)
            elif w.notice.state == "sent":
                coming.setdefault(w.notice.recipient, []).append(id)
        counts = {person: len(ids) for person, ids in coming.items()}
        begun = begins(self._ration, now)
        given = await store.count_told(self._conn, counts, channel=Inbox.name, since=begun) if coming else {}
        for person, ids in coming.items():
            since = given[person].since
            if further := gathered(self._ration, ids, given[person]):
                digest = digest_id(person, Inbox.name, since)
                opened[digest] = (person, since)
                digests.update(dict.fromkeys(further, digest))
        if opened:
            await store.insert_digests(self._conn, opened, channel=Inbox.name, now=now)
        return digests
