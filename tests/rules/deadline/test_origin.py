"""What of imported history is live once its source went live (D9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.deadline.publish import messages
from services.deadline.rules.change import Change, compare, fire
from services.deadline.rules.clock import MISS, State
from services.deadline.rules.facts import Fact
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule
from services.deadline.rules.origin import HISTORY, Live
from services.deadline.rules.stored import Stored, rowed
from services.deadline.rules.warnings import PASSED
from shared.clock import Moment
from tests.support.deadline_facts import CALENDAR

LATE = datetime(2026, 4, 1, tzinfo=UTC)
WARNED, OVERDUE = LATE - timedelta(days=7), LATE + timedelta(days=7)
DAY = timedelta(days=1)
SOURCE = "/quanzhou/approvals"


def says(source: str = SOURCE, origin: str = "import", fact: str = "matter.registered") -> dict[str, Any]:
    facts = [{"type": fact, "occurred_at": "2026-03-02", "source": source, "id": "1", "event": "e1"}]
    about = {"authority": "a", "matter": "m", "clock": "decision", "subject": "", "origin": origin}
    limit = {"clock": "decision", "zone": "UTC", "overdue": ["5wd"]}
    counted = {
        "due": "2026-03-31",
        "late_from": LATE.isoformat(),
        "limit": limit,
        "calendar": "CN",
        "provisional": False,
    }
    return {"about": about, "facts": facts, "counted": counted, "holdings": []}


def clock(**more: Any) -> Stored:
    alarms = (WARNED, "5wd"), (LATE, MISS), (OVERDUE, f"{PASSED}5wd")
    made = Stored(
        name="decision", subject="", state=State.RUNNING, item=None, unit=None, zone="UTC", due_on=None,
        late_from=LATE, done_at=None, done_on=None, withdrawn=False, warned=None, alarms=alarms, says=says(),
    )  # fmt: skip
    return made._replace(**more)


def origins(row: Stored, changes: tuple[Change, ...], live: Live, now: datetime) -> dict[str, str]:
    told = messages(("a", "m"), row, changes, Moment(now, now), live)
    types = [change.type.removeprefix("deadline.") for change in changes]
    return {type_: orjson.loads(each.body)["origin"] for type_, each in zip(types, told, strict=True)}


def life(live: Live) -> dict[str, str]:
    """What the sweep tells of a clock that nobody stops."""
    found: dict[str, str] = {}
    row = clock()
    for now in (WARNED, LATE, OVERDUE):
        row, changes = fire(row, now)
        found |= origins(row, changes, live, now)
    return found


@pytest.mark.parametrize(
    ("since", "live"),
    [
        (WARNED - DAY, ["warned", "missed", "overdue"]),
        (WARNED, ["warned", "missed", "overdue"]),
        (WARNED + DAY, ["missed", "overdue"]),
        (LATE, ["missed", "overdue"]),
        (LATE + DAY, ["overdue"]),
        (OVERDUE + DAY, []),
    ],
)
def test_what_happens_from_the_instant_on_is_live_and_nothing_of_before(since: datetime, live: list[str]) -> None:
    told = life({SOURCE: (since,)})
    assert list(told) == ["warned", "missed", "overdue"]
    assert [type_ for type_, origin in told.items() if origin == "live"] == live


def test_without_a_call_or_by_that_of_another_source_all_stays_history() -> None:
    for live in (HISTORY, {"/elsewhere": (WARNED - DAY,)}):
        assert set(life(live).values()) == {"import"}


def test_what_a_service_that_was_down_tells_late_is_of_when_it_happened() -> None:
    row, changes = fire(clock(), WARNED + 2 * DAY)
    assert origins(row, changes, {SOURCE: (WARNED + DAY,)}, WARNED + 2 * DAY) == {"warned": "import"}


def test_history_that_is_brought_in_later_stays_history_but_for_what_lies_ahead() -> None:
    """A fold tells of a clock all at once: what was done before the instant is not told to anybody now."""
    live = {SOURCE: (LATE,)}
    done = clock(state=State.MET, done_at=WARNED, alarms=(), says=says() | {"stop": stop(WARNED)})
    kept = compare(None, done)
    assert origins(*kept, live, OVERDUE) == {"scheduled": "live", "met": "import"}
    assert origins(*kept, {SOURCE: (LATE + DAY,)}, OVERDUE) == {"scheduled": "import", "met": "import"}
    ahead = compare(None, clock(state=State.WARNED, warned="5wd", warned_at=LATE + DAY, late_from=OVERDUE))
    assert origins(*ahead, live, LATE + 2 * DAY)["warned"] == "live"


def test_a_case_s_own_clock_is_live_when_it_began_with_the_case_s_going_live() -> None:
    for fact, origin in (("case.opened", "import"), ("case.went_live", "live")):
        row, changes = fire(clock(subject="case:c", says=says("/duban/accountability", fact=fact)), LATE)
        assert origins(row, changes, HISTORY, LATE) == {"missed": origin}


def test_what_is_live_by_itself_needs_no_call() -> None:
    row, changes = fire(clock(says=says(origin="live")), LATE)
    assert origins(row, changes, HISTORY, LATE) == {"missed": "live"}


def stop(at: datetime) -> dict[str, Any]:
    return {"done_at": at.isoformat(), "facts": says()["facts"]}


FIRST = datetime(2026, 3, 2, 2, tzinfo=UTC)
LIMIT = Limit(
    "decision", Amount.parse("5wd"), None, StartRule.DAY0, Roll.NONE, "Asia/Shanghai", None, "X",
    ("matter.registered",), ("matter.decided",), ("1wd",), "not verified", overdue=(Amount.parse("5wd"),),
)  # fmt: skip


def folded(now: datetime, *, urgent: bool = False) -> tuple[Stored, tuple[Change, ...]]:
    registered = Fact(
        "matter.registered", FIRST, None, ("/s", "1"), FIRST, "e1", unit="a", urgent=urgent, limits=(LIMIT,)
    )
    (clock,) = fold([registered], lambda _: CALENDAR, now, now).clocks
    return compare(None, rowed("a", "m", clock, now, now))


def test_a_fold_knows_when_what_it_tells_was_due_as_the_sweep_does() -> None:
    running, _ = folded(FIRST)
    for n, type_ in ((0, "deadline.warned"), (2, "deadline.overdue")):
        at = running.alarms[n][0]
        for _, changes in (fire(running, at), folded(at + timedelta(hours=1))):
            assert [change.at for change in changes if change.type == type_] == [at]


def test_a_matter_corrected_to_be_urgent_has_its_miss_told_again() -> None:
    late = folded(FIRST)[0].late_from
    assert late is not None
    before, _ = folded(late)
    urgent, _ = folded(late, urgent=True)
    _, changes = compare(before, urgent)
    assert [(change.type, change.says.get("urgent")) for change in changes] == [("deadline.missed", True)]
