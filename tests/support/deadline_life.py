"""The life of one matter as the service lives it, without storage: facts arrive in batches, sweeps come between, rows
are carried along. Every step is held to the laws of the published stream; a broken one fails the test at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from services.deadline.rules.change import Change, fire
from services.deadline.rules.clock import State
from services.deadline.rules.decide import decide
from services.deadline.rules.facts import Fact
from services.deadline.rules.stored import Stored
from shared.events.deadline import DEADLINE_EVENTS
from tests.support.deadline_facts import calendar_of

MODELS = {model.TYPE: model for model in DEADLINE_EVENTS}
ClockKey = tuple[str, str]
STANDING = ("name", "subject", "state", "item", "unit", "due_on", "late_from", "done_at", "done_on", "withdrawn",
            "warned", "alarms", "says", "miss", "digest")  # fmt: skip


HEARD = {
    State.NOT_STARTED: (None, "void"), State.RUNNING: ("open",), State.WARNED: ("open",), State.MET: ("met",),
    State.MISSED: ("missed",), State.MISSED_DONE: ("stopped_late",), State.VOID: ("void",),
}  # fmt: skip
"""What a reader of the stream alone may believe."""


@dataclass(frozen=True)
class Heard:
    """A clock as the stream tells it."""

    state: str | None = None
    late_from: datetime | None = None
    warned: tuple[datetime | None, str] | None = None


class Life:
    """One matter. `published` is the stream: (clock, subject), event type, what it says."""

    def __init__(self, authority: str = "A", matter: str = "1") -> None:
        self.key = authority, matter
        self.facts: dict[tuple[str, str], Fact] = {}
        self.rows: dict[ClockKey, Stored] = {}
        self.refold_at: datetime | None = None
        self.published: list[tuple[ClockKey, Change]] = []
        self.missed: dict[ClockKey, tuple[datetime, str | None]] = {}
        self.heard: dict[ClockKey, Heard] = {}

    def receive(self, facts: Sequence[Fact], now: datetime, confirmed: datetime) -> None:
        """A batch of facts: keep the new ones and fold."""
        self.facts |= {fact.identity: fact for fact in facts}
        self.fold(now, confirmed)

    def fold(self, now: datetime, confirmed: datetime) -> None:
        """Fold all facts and publish the difference."""
        stored = list(self.rows.values())
        decision = decide(*self.key, list(self.facts.values()), stored, calendar_of, now, confirmed)
        self.refold_at = decision.refold_at
        for row, changes in decision.clocks:
            self.take(row, changes, confirmed)

    def sweep(self, now: datetime, confirmed: datetime) -> None:
        """What the sweep does: fold if a fact of the future has become known, then fire the stored rows."""
        if self.refold_at is not None and self.refold_at <= now:
            self.fold(now, confirmed)
        for _, row in sorted(self.rows.items(), key=lambda item: item[0][::-1]):  # as the fold goes through them
            if row.alarms and row.alarms[0][0] <= confirmed:
                self.take(*fire(row, confirmed), confirmed)

    def take(self, row: Stored, changes: tuple[Change, ...], confirmed: datetime) -> None:
        """Keep a row and its events, and judge both."""
        key = row.name, row.subject
        held = self.rows.get(key)
        assert row.revision == (held.revision if held else 0) + len(changes), "I17: revisions without gaps"
        for change in changes:
            content = {**change.says}
            if change.type == "deadline.missed":
                content["detected_at"] = confirmed.isoformat()
            MODELS[change.type].model_validate_json(orjson.dumps(content))
            self.judge(key, row, change, confirmed)
            self.hear(key, change)
            self.published.append((key, change))
        self.rows[key] = row
        standing = self.missed.get(key)
        assert row.miss == (standing[0] if standing else None), "the stream and the row differ about a miss"
        heard = self.heard.get(key, Heard())
        assert heard.state in HEARD[row.state], (heard, row)
        if row.applies and row.late_from is not None:
            assert heard.late_from == row.late_from, (heard, row)
        if row.state is State.WARNED:
            assert heard.warned == (row.late_from, row.warned), "whoever reads only the stream was not warned"

    def hear(self, key: ClockKey, change: Change) -> None:
        """What a reader of the stream alone believes."""
        heard = self.heard.get(key, Heard())
        late_from = datetime.fromisoformat(change.says["late_from"]) if "late_from" in change.says else None
        match change.type:
            case "deadline.scheduled":
                heard = Heard("open", late_from)
            case "deadline.rescheduled":
                heard = replace(heard, late_from=late_from)
            case "deadline.withdrawn":
                heard = replace(heard, state="open")
            case "deadline.warned":
                heard = replace(heard, warned=(late_from, change.says["warning"]))
            case "deadline.voided":
                heard = replace(heard, state="void")
            case _:
                assert late_from == heard.late_from, f"{change.type} of a due that was not announced"
                heard = replace(heard, state=change.type.removeprefix("deadline."))
        self.heard[key] = heard

    def judge(self, key: ClockKey, row: Stored, change: Change, confirmed: datetime) -> None:
        """One event against what was published before it."""
        standing = self.missed.get(key)
        late_from = datetime.fromisoformat(change.says["late_from"]) if "late_from" in change.says else None
        match change.type:
            case "deadline.missed":
                assert late_from is not None and late_from <= confirmed, "I10, D8: missed before it is late"
                assert standing is None or standing[0] == late_from, "a second miss while one stands"
                ended = self.heard.get(key, Heard()).state == "stopped_late"
                assert standing is None or ended or standing[1] != row.digest, "I1: the same miss published twice"
                self.missed[key] = late_from, row.digest
            case "deadline.withdrawn":
                assert standing is not None and standing[0] == late_from, "withdrawn a miss that did not stand"
                del self.missed[key]
            case "deadline.stopped_late":
                assert standing is not None and standing[0] == late_from, "late without a miss"
            case "deadline.warned":
                assert warned_at(change.says, row.zone) <= confirmed, "I10: warned before its instant"
                assert late_from is not None and confirmed < late_from, "warned of what is late"

    def standing(self) -> dict[ClockKey, dict[str, Any]]:
        """What holds now, however it came about."""
        return {
            key: {name: getattr(row, name) for name in STANDING} for key, row in self.rows.items() if row.applies
        }  # fmt: skip


def warned_at(says: Mapping[str, Any], zone: str) -> datetime:
    """00:00 of the day so many days before the due day."""
    due = says["due"]
    day = datetime.fromisoformat(due).astimezone(ZoneInfo(zone)).date() if "T" in due else date.fromisoformat(due)
    left = timedelta(days=int(says["warning"].removesuffix("d")))
    return datetime.combine(day - left, time(), ZoneInfo(zone))
