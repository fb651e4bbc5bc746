"""What a calendar version would move, said before it is published. Everything is read and folded as a recalculation
does it; nothing is written and nobody is told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.deadline import calendar_store, fact_store, in_force, store
from services.deadline.calendar_store import After
from services.deadline.calendars import Calendars, canonical
from services.deadline.in_force import CalendarOf
from services.deadline.reading import fact_of
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.change import Change
from services.deadline.rules.decide import decide
from services.deadline.rules.editions import Difference, Edition, difference
from services.deadline.rules.stored import Stored
from services.deadline.store import CASE, Key
from services.deadline.watermark_store import feeds
from shared.clock import Moment
from shared.events.base import aggregate_key
from shared.postgres import Connection

BATCH = 500
MOST = 100_000
"""Clocks that are looked at: beyond it the answer says that it is not complete."""
ADVERSE, FAVOURABLE = "adverse", "favourable"
"""For whoever is to act in time: a due that comes earlier, or later."""


@dataclass
class Preview:
    """How many clocks move and how; `listed` are the first of them. `examined` were counted anew."""

    examined: int = 0
    complete: bool = True
    totals: Counter[str] = field(default_factory=Counter)
    listed: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)


async def preview(conn: Connection, edition: Edition, moment: Moment, listed: int) -> Preview:
    """What it would move if the edition were published and in effect. Raises BadCalendar where it makes no calendar."""
    counted_by = await in_force.peek(conn)
    known = Calendars([*await calendar_store.select_editions(conn), edition])
    at = max(moment.now, edition.effective)
    would_be: dict[str, Calendar] = {}
    found = Preview()
    todo: list[tuple[str, Difference]] = []
    for code in known.codes():
        if canonical(edition.code) not in {code, *(canonical(each.code) for each in known.chain(code))}:
            continue
        new, old = known.at(code, at), counted_by.get(code)
        would_be[code] = new
        if (days := difference(old, new)) is not None:
            todo.append((code, days))
            found.versions[code] = {
                "former": old and old.version, "version": new.version, "from": days.first.isoformat(),
                "to": days.last.isoformat(), "ignored": edition in known.ignored(code),
            }  # fmt: skip
    calendar_of = in_force.lookup({**counted_by, **would_be})
    for code, days in todo:
        async for keys in _affected(conn, code, would_be[code].version, days):
            if found.examined >= MOST:
                found.complete = False
                return found
            await _fold(conn, keys, calendar_of, moment, found, listed)
    return found


async def _affected(conn: Connection, code: str, version: str, days: Difference) -> Any:
    """Matters, in batches, each once."""
    after: After = (None, "", "")
    seen: set[Key] = set()
    while rows := await calendar_store.select_clocks_to_recalculate(conn, code, version, days, after, BATCH):
        last, at = rows[-1]
        after = (at, *last)
        fresh = [key for key in dict.fromkeys(key for key, _ in rows) if key not in seen]
        seen |= set(fresh)
        yield fresh


async def _fold(
    conn: Connection, keys: Sequence[Key], calendar_of: CalendarOf, moment: Moment, found: Preview, listed: int
) -> None:
    subjects = [(key, None) for key in keys]
    facts = await fact_store.select_facts(conn, subjects)
    clocks = await store.select_clocks(conn, subjects)
    heard = await feeds(conn, {key[0] for key in keys})
    for subject in subjects:
        key, stored = subject[0], clocks.get(subject, [])
        found.examined += len(stored)
        rows = [fact_of(row) for row in facts.get(subject, [])]
        decision = decide(*key, rows, stored, calendar_of, moment.now, moment.confirmed, heard.of(key))
        before = {(clock.name, clock.subject): clock for clock in stored}
        for row, changes in decision.clocks:
            old = before.get((row.name, row.subject))
            effects = list(_effects(old, row, changes))
            found.totals.update(effects)
            if effects and len(found.listed) < listed:
                found.listed.append(_line(key, old, row, effects))


def _effects(old: Stored | None, new: Stored, changes: Sequence[Change]) -> Iterator[str]:
    """What happens to one clock."""
    was = None if old is None else old.late_from
    if was is not None and new.late_from is not None and was != new.late_from:
        yield "moved"
        yield ADVERSE if new.late_from < was else FAVOURABLE
    elif (was is None) != (new.late_from is None):
        yield "countable" if was is None else "uncountable"
    types = [change.type for change in changes]
    opens = not new.subject.startswith(CASE)
    if "deadline.warned" in types:
        yield "warnings_appear"
    if old is not None and old.warned is not None and new.warned is None and "deadline.missed" not in types:
        yield "warnings_fall_away"
    if "deadline.missed" in types:
        yield "misses_appear"
        if opens:
            yield "cases_appear"
    if "deadline.withdrawn" in types:
        yield "misses_fall_away"
        if opens:
            yield "cases_fall_away"
    if old is not None and "counted" in old.says and "counted" in new.says:
        if old.says["counted"]["provisional"] and not new.says["counted"]["provisional"]:
            yield "certain"
        elif new.says["counted"]["provisional"] and not old.says["counted"]["provisional"]:
            yield "provisional"


def _line(key: Key, old: Stored | None, new: Stored, effects: Sequence[str]) -> dict[str, Any]:
    counted = {} if old is None else old.says.get("counted", {})
    return {
        "matter": aggregate_key(*key),
        "clock": new.name,
        "subject": new.subject,
        "due": counted.get("due"),
        "would_be_due": new.says.get("counted", {}).get("due"),
        "effects": list(effects),
    }
