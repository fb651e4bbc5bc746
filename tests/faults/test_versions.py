"""A rolling upgrade: two versions of a service side by side, with an event that has grown a field, one of an unknown
type, and one of a newer version (D16). Consumers deploy first; where they did not, the partition waits, loudly.
"""

from pathlib import Path

from tests.faults.database import connected
from tests.faults.fleet import Fleet
from tests.faults.scenes import climb, decide, fall_due, play, receive, report_late, staff, state_of, warn
from tests.faults.state import State, difference
from tests.faults.trees import Edit, edited
from tests.support.waiting import until

MODELS, PUBLISH = "shared/events/deadline.py", "services/deadline/publish.py"
GROWN: Edit = (
    MODELS,
    '    origin: Origin = "live"\n',
    '    origin: Origin = "live"\n    grown: Name = "a field that is new"\n',
)
NOTED: list[Edit] = [
    (MODELS, "\nDEADLINE_EVENTS: tuple[type[Event], ...] = (\n", '''
class DeadlineNoted(Dated):
    TYPE = "deadline.noted"
    warning: Name
    holding: Holding


DEADLINE_EVENTS: tuple[type[Event], ...] = (
    DeadlineNoted,
'''),
    (PUBLISH, "    return [\n        _message", '''    noted = [
        _message(subject, row, Change("deadline.noted", change.says, change.cause), 10_000 + row.revision, moment, live)
        for change in changes
        if change.type == "deadline.warned"
    ]
    return noted + [
        _message'''),
]  # fmt: skip
NEWER: list[Edit] = [
    (MODELS, '    TYPE = "deadline.missed"\n', '    TYPE = "deadline.missed"\n    VERSION = 2\n'),
    (MODELS, "\nDEADLINE_EVENTS: tuple[type[Event], ...] = (\n", '''
class DeadlineMissedBefore(DeadlineMissed):
    VERSION = 1


DEADLINE_EVENTS: tuple[type[Event], ...] = (
    DeadlineMissedBefore,
'''),
]  # fmt: skip


async def test_two_versions_side_by_side(fleet: Fleet, calm: State, tmp_path: Path) -> None:
    second = edited(tmp_path / "second", [GROWN, *NOTED])
    third = edited(tmp_path / "third", NEWER)
    await fleet.start_all()
    await play(fleet, staff, receive)
    fleet.start("deadline", "deadline-second", tree=second)
    await fleet.ready("deadline-second")
    await play(fleet, decide)  # both at work
    assert await fleet.drain("deadline") == 0
    await play(fleet, warn)  # by the second alone
    for reader in ("accountability", "notification"):
        skipped = await fleet.processes[reader].metric(f"duban_{reader}_skipped_events_total")
        assert skipped >= 60, reader

    fleet.start("deadline", "deadline-third", tree=third)
    await fleet.ready("deadline-third")
    assert await fleet.drain("deadline-second") == 0
    await fall_due(fleet)
    old = fleet.processes["accountability"]

    async def stopped() -> bool:
        status, text = await old.ask("/readyz")
        return (status, "deadline.missed version 2" in text) == (503, True)

    await until(stopped, within_s=60)
    assert await old.metric("duban_consumer_stopped_partitions", service="accountability") >= 1
    assert (await old.ask("/livez"))[0] == 200, "a new start would not help"
    fleet.start("accountability", "accountability-third", tree=third)
    assert await fleet.drain("accountability") == 0
    await fleet.ready("accountability-third")
    await fleet.settled()
    async with connected(fleet.dsn) as conn:
        for service in ("deadline", "accountability", "notification"):
            assert await conn.fetchval(f"select count(*) from {service}.dead_letters") == 0
    await play(fleet, report_late, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found
