"""What auditors and integrators have of a case: a record that can be verified without trusting who keeps it, and the
standing cases for whoever comes late."""

import json
from typing import Any

from services.cli.record_verifier import verify
from tests.support.world import AUTHORITY, World

RECEIVED = "2026-01-28T10:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"


async def several_cases(world: World) -> None:
    """Three matters are missed; one of them turns out to have been decided in time, one is answered for."""
    await world.fast_forward(RECEIVED)
    for matter in ("L-1", "L-2", "L-3"):
        await world.submit("matter.submitted", matter, RECEIVED, item="general-licence", unit="planning")
    await world.fast_forward(LATE)
    await world.submit("matter.decided", "L-2", "2026-03-02T16:00:00+08:00")
    (case,) = await world.cases("L-3")
    path = f"/v1/cases/{case['case_id']}/answers"
    await world.post("accountability", path, {"person": "p-clerk", "text": "The archive had the file."}, 201)
    await world.sealed()


async def export(world: World) -> list[dict[str, Any]]:
    answer = await world.client.get(world.url("accountability") + "/v1/record/export")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_auditor_verifies_the_record_from_an_export_and_the_heads_that_a_witness_kept(staffed: World) -> None:
    await several_cases(staffed)
    witnessed = [json.loads(message.value) for message in await staffed.read_topic("record-heads")]
    report = verify(await export(staffed), heads=witnessed)
    assert report.problems == []
    assert report.last_head is not None
    assert report.rows >= 3 + 3 + 2


async def test_what_is_changed_in_the_database_afterwards_is_named(staffed: World) -> None:
    await several_cases(staffed)
    await staffed.conn.execute(
        "update accountability.case_events set says = replace(says, 'p-director', 'p-nobody')"
        " where matter = 'L-1' and type = 'case.opened'"
    )
    (problem,) = verify(await export(staffed)).problems
    assert "case-event" in problem
    assert f"({AUTHORITY}/L-1)" in problem


async def test_a_consumer_that_joins_late_rebuilds_the_standing_cases_from_the_compacted_topic_alone(
    staffed: World,
) -> None:
    await several_cases(staffed)
    latest: dict[bytes, tuple[int, dict[str, Any]]] = {}
    for message in await staffed.read_topic("case-states"):
        revision = int(dict(message.headers)["ce_revision"])
        assert message.value is not None  # no tombstones
        if revision >= latest.get(message.key, (0, {}))[0]:
            latest[message.key] = revision, json.loads(message.value)
    rebuilt = {state["case_id"]: state for _, state in latest.values() if state["state"] == "standing"}
    standing = (await staffed.get("accountability", "/v1/cases?state=standing"))["cases"]
    told = ("authority", "matter", "clock", "unit", "item", "due", "rung", "state", "at_last_rung")
    assert {id: [state.get(name) for name in told] for id, state in rebuilt.items()} == {
        case["case_id"]: [case[name] for name in told] for case in standing
    }
    assert sorted(state["matter"] for state in rebuilt.values()) == ["L-1", "L-3"]
    assert {state["matter"]: state.get("answered_by") for state in rebuilt.values()} == {"L-1": None, "L-3": "p-clerk"}
    for case in standing:
        persons = {r["role"]: r.get("person") for r in rebuilt[case["case_id"]]["responsible"]}
        assert {role: persons[role] for role in ("direct", "leading", "principal")} == {
            role: case[role] for role in ("direct", "leading", "principal")
        }


async def test_who_read_a_case_is_told_to_the_supervisor(staffed: World) -> None:
    await several_cases(staffed)
    (case,) = await staffed.cases("L-1")
    found = await staffed.get("accountability", f"/v1/cases/{case['case_id']}/readings")
    assert [reading["what"] for reading in found["readings"]] == ["case"]
