"""领导请假、代理: whom a missed limit names when the leader in charge was away, and when that is learned afterwards. 20
working days from 28 January 2026 end on 3 March."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
RECEIVED, LATE = "2026-01-28T10:00:00+08:00", "2026-03-04T00:00:00+08:00"


async def receive(world: World, matter: str = "L-1", unit: str = "planning") -> None:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", matter, RECEIVED, item="general-licence", unit=unit)


async def responsible(world: World, matter: str = "L-1") -> dict[str, Any]:
    (case,) = await world.cases(matter)
    return {each["role"]: each for each in case["responsible"]}


async def test_the_deputy_of_a_leader_on_leave_answers_and_both_are_named(staffed: World) -> None:
    await staffed.submit("leave.taken", "p-deputy", "2026-02-24", until="2026-03-10", deputy="p-stand-in")
    await receive(staffed)
    await staffed.fast_forward(LATE)
    leading = (await responsible(staffed))["leading"]
    assert leading["person"] == "p-stand-in"
    assert "p-deputy" in leading["because"] and "on leave since 2026-02-24" in leading["because"]
    await staffed.fast_forward("2026-03-06T00:00:00+08:00")
    assert [notice["kind"] for notice in await staffed.inbox("p-stand-in")] == ["case.escalated"]
    assert await staffed.inbox("p-deputy") == []


async def test_leave_that_is_reported_late_revises_the_case_and_is_known_apart_from_when_it_was(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    assert (await responsible(staffed))["leading"]["person"] == "p-deputy"
    await staffed.fast_forward("2026-03-05T09:00:00+08:00")
    await staffed.submit("leave.taken", "p-deputy", "2026-02-24", until="2026-03-10", deputy="p-stand-in")
    (case,) = await staffed.cases("L-1")
    assert [each["reason"] for each in case["attributions"]] == ["opened", "directory-fact"]
    assert (await responsible(staffed))["leading"]["person"] == "p-stand-in"
    post = "/v1/posts/planning-deputy/holders?at=2026-03-03T00:00:00Z"
    assert (await staffed.get("accountability", post))["answers"] == "p-stand-in"
    before = await staffed.get("accountability", f"{post}&known_at=2026-03-04T00:00:00Z")
    assert before["answers"] == "p-deputy"


async def test_a_section_without_a_head_is_answered_for_by_the_bureau_above_it(staffed: World) -> None:
    await staffed.submit("unit.placed", "surveying", "2025-01-01", parent="planning")
    await receive(staffed, "L-2", unit="surveying")
    await staffed.fast_forward(LATE)
    named = await responsible(staffed, "L-2")
    assert named["direct"]["person"] is None
    assert named["leading"]["person"] == "p-deputy"
    assert "surveying" in named["leading"]["because"]


async def test_an_appointment_that_never_was_is_taken_back_and_the_case_revised(staffed: World) -> None:
    await staffed.holder("planning-deputy", "leading", "p-mistaken", "2026-02-01")
    mistaken = f"e{staffed.count}"
    await receive(staffed)
    await staffed.fast_forward(LATE)
    assert (await responsible(staffed))["leading"]["person"] == "p-mistaken"
    replaces = {"source": "/quanzhou/approvals", "id": mistaken}
    await staffed.publish(
        "fact.retracted", "planning-deputy", {"replaces": replaces, "of": "directory"}, id="taken-back"
    )
    assert (await responsible(staffed))["leading"]["person"] == "p-deputy"


async def test_an_organisation_imported_from_a_file_answers_for_what_falls_due(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of docs/directory.md, by the command, to the running services; wrong lines import nothing."""
    for service in ("INTAKE", "ACCOUNTABILITY"):
        monkeypatch.setenv(f"DUBAN_{service}_URL", world.url(service.lower()))
    file = tmp_path / "directory.csv"
    text = (ROOT / "docs" / "directory.md").read_text().split("```csv\n")[1].split("```")[0]
    where = str(file), "--source", "/quanzhou/personnel", "--authority", "quanzhou"
    leave = "leave.taken,p-2b7d,2026-02-24,,,,,,,,2026-03-10,p-91ce,,,,\n"

    async def duban(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["directory", *arguments])
        return result.exit_code, result.output

    file.write_text(f"{text}unit.placed,bureau,2025-01-01,,,,,licensing,bureau,,,,,,,\n", encoding="utf-8")
    code, told = await duban("import", *where)
    assert (code, "line 13: cycle: bureau is below licensing is below bureau" in told) == (1, True)
    assert await world.conn.fetchval("select count(*) from accountability.directory_facts") == 0

    await world.fast_forward("2026-02-25T09:00:00+08:00")
    file.write_text(text + leave, encoding="utf-8")
    assert await duban("import", *where) == (0, "12 lines imported; 0 lines are wrong\n")
    await world.settled()
    assert await duban("check", *where) == (0, "12 lines would be imported; 0 lines are wrong\n")
    assert (await world.get("accountability", "/v1/directory/conflicts"))["conflicts"] == []
    received = "2026-01-28T10:00:00+08:00"
    await world.submit("matter.submitted", "L-9", received, item="general-licence", unit="licensing")
    await world.fast_forward(LATE)
    named = {role: each["person"] for role, each in (await responsible(world, "L-9")).items()}
    assert named == {"direct": "p-7c31", "leading": "p-91ce", "principal": "p-77c0"}
