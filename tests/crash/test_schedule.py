"""The seed makes the run."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tests.crash.cluster import ROOT
from tests.crash.plan import plan
from tests.crash.schedule import KILLS, POINTS, schedule

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_the_seed_reproduces_the_faults() -> None:
    assert schedule(7, 60, 300) == schedule(7, 60, 300)
    assert schedule(7, 60, 300) != schedule(8, 60, 300)


def test_there_are_as_many_kills_as_wished_in_order_of_time() -> None:
    faults = schedule(3, 200, 1600)
    assert sum(fault.kind in KILLS for fault in faults) == 200
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert {fault.kind for fault in faults} >= {"point", "kill", "postgres", "broker", "stop", "cut", "clock"}


def test_every_failpoint_is_struck_in_a_long_run_and_stands_in_the_product() -> None:
    struck = {(fault.target, fault.how) for fault in schedule(3, 200, 1600) if fault.kind == "point"}
    assert struck == set(POINTS)
    product = "".join(Path(file).read_text() for part in ("shared", "services") for file in (ROOT / part).rglob("*.py"))
    assert {point for _, point in POINTS if f'failpoints.reach("{point}")' not in product} == set()


def test_the_seed_reproduces_what_is_sent() -> None:
    def first(seed: int) -> list[object]:
        return [(each, each.event) for each in islice(plan(seed, 200, 60, BEGUN), 400)]

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_what_is_planned_is_in_order_and_some_of_it_twice() -> None:
    planned = list(plan(1, 300, 60, BEGUN))
    assert [each.at for each in planned] == sorted(each.at for each in planned)
    ids = [each.id for each in planned]
    assert len(set(ids)) < len(ids)
    assert sum(each.event["type"] == "matter.submitted" for each in {each.id: each for each in planned}.values()) == 300
