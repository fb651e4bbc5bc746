"""One batch of a recalculation: plain clocks are counted again from their rows, without their facts (rules.recount);
the matters of all others are named, to be folded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from services.deadline import calendar_store, in_force, live_store, metrics, recalculation_store, store
from services.deadline.handlers import UNCONFIRMED, Read
from services.deadline.publish import messages
from services.deadline.rules import statement
from services.deadline.rules.change import Change, compare
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.fold import CalendarOf
from services.deadline.rules.limits import Limit
from services.deadline.rules.recount import Recount
from services.deadline.rules.stored import Stored
from services.deadline.rules.tally import tally
from services.deadline.stamped import limit_of
from services.deadline.store import Key
from shared import failpoints, outbox
from shared.clock import Moment
from shared.events.limits import LimitTerms
from shared.postgres import Connection


async def recount(conn: Connection, keys: Sequence[Key], moment: Moment, caught_up: Read) -> list[Key]:
    """Count the clocks of these matters again and publish what is new about them; the matters that only a fold can
    count. The locks come before the look at what is in force: whoever waits for all that count by a former calendar
    waits for this transaction, too."""
    locked = await recalculation_store.lock_matters(conn, keys)
    rows, _ = await calendar_store.select_in_force(conn)
    calendar_of = await in_force.calendars_of(conn, rows)
    clocks = await store.select_clocks(conn, [(key, None) for key in locked])
    counts, versions = Recount(calendar_of, _limit_of, moment.now), _Versions(calendar_of)
    folds: list[Key] = []
    saved: list[tuple[Key, Stored]] = []
    told: list[tuple[Key, Stored, Sequence[Change]]] = []
    tallied: Counter[str] = Counter()
    for key, refold_at in locked.items():
        stored = clocks.get((key, None), ())
        read = moment.confirmed if store.bucket(key) in caught_up.cases else UNCONFIRMED
        due = refold_at is not None and refold_at <= moment.now
        again = None if due else _again(stored, counts, versions, moment.now, read)
        if again is None:
            folds.append(key)
            continue
        for old, row, changes in again:
            tally(tallied, old, row)
            metrics.count(changes, row, moment.now, "facts")
            saved.append((key, row))
            told.append((key, row, changes))
    await recalculation_store.save(conn, saved, moment.now)
    failpoints.reach("clocks.saved")
    await store.add_counts(conn, tallied)
    live = await live_store.live(conn, (row for _, row, _ in told))
    await outbox.append(conn, [m for key, row, changes in told for m in messages(key, row, changes, moment, live)])
    return folds


class _Versions:
    """By which version each calendar counts, looked up once for a batch."""

    def __init__(self, calendar_of: CalendarOf) -> None:
        self._calendar_of = calendar_of
        self._found: dict[str, str | None] = {}

    def counted(self, told: Mapping[str, Any]) -> bool:
        """Whether this was counted by what is in force."""
        code = told["limit"]["calendar"]
        if code not in self._found:
            self._found[code] = self._version(code)
        return bool(told["calendar"] == self._found[code])

    def _version(self, code: str) -> str | None:
        try:
            return self._calendar_of(code).version
        except DeadlineError:
            return None


def _again(
    stored: Sequence[Stored], counts: Recount, versions: _Versions, now: datetime, read: datetime
) -> list[tuple[Stored, Stored, tuple[Change, ...]]] | None:
    """The clocks of a matter that were counted by a former calendar, before and after, with what is to be published;
    None where it must be folded."""
    confirmed = max([read, *(row.confirmed for row in stored if row.confirmed is not None)])
    if confirmed > now or any(row.known is not None and row.known > now for row in stored):
        return None
    found = []
    for old in stored:
        if not old.applies or "counted" not in old.says:
            if old.problem is not None:
                return None
            continue
        if versions.counted(old.says["counted"]):
            continue
        new = counts.again(old, confirmed)
        if new is None:
            return None
        found.append((old, *compare(old, new)))
    return found


def _limit_of(text: Any) -> Limit | None:
    return _limit(orjson.dumps(text))


@lru_cache(maxsize=4096)
def _limit(text: bytes) -> Limit | None:
    """None where a former build wrote it in another way: the fold has the fact that states it."""
    limit = limit_of(LimitTerms.model_validate_json(text, extra="ignore"))
    return limit if statement.limit_text(limit) == orjson.loads(text) else None
