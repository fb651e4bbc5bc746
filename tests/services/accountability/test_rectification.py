"""整改: ordered with a limit, reported with evidence, judged by another; overdue goes against who must rectify."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from shared.postgres import Pool
from tests.support.case_world import AUTHORITY, UNIT, World, delivered, missed, untrue
from tests.support.identity import Issuer
from tests.support.ladder_world import HOLDERS, ID, client_of, duty_missed, post

CASE = f"/v1/cases/{ID}"
ORDER: dict[str, Any] = {"by": "chen", "unit": UNIT, "demand": "hand the plans on the day they come"}
PDF = b"%PDF-1.7 the plans were handed on"


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as client:
        yield client


async def ordered(http: httpx2.AsyncClient, **more: Any) -> str:
    """A rectification of the case; its path."""
    return f"/v1/rectifications/{(await post(http, f'{CASE}/rectifications', CASE, ORDER | more))['rectification_id']}"


async def handed_in(http: httpx2.AsyncClient, path: str, content: bytes = PDF, by: str = "li") -> str:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers = {"content-type": "application/pdf", "content-digest": f"sha-256=:{digest}:"}
    answer = await http.post(f"{path}/evidence?by={by}", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["evidence_id"])


async def reported(http: httpx2.AsyncClient, path: str, by: str = "li", content: bytes = PDF) -> dict[str, Any]:
    evidence = await handed_in(http, path, content, by)
    return await post(http, f"{path}/reports", path, {"by": by, "report": "done", "evidence": [evidence]})


async def test_a_rectification_runs_from_its_order_to_its_verification(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    said = await spoken(world)
    id = path.rpartition("/")[2]
    assert said[0]["addressee"] == {"role": "direct", "person": "zhang", "skipped": []}
    (limit,) = said[0]["limits"]
    assert (limit["clock"], limit["amount"], limit["stops_on"]) == (
        f"rectification:{id}", "15wd", ["rectification.reported"],
    )  # fmt: skip
    await reported(http, path)
    await post(http, f"{path}/verifications", path, {"by": "chen", "finding": "seen at the window"})
    said = await spoken(world)
    assert [each["type"] for each in said] == [
        "rectification.ordered", "rectification.reported", "rectification.verified",
    ]  # fmt: skip
    assert said[1]["evidence"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert said[1]["limits"][0]["clock"] == f"rectification-check:{id}"
    assert "seen at the window" not in str(said) and "hand the plans" not in str(said)
    found = (await http.get(path)).json()
    assert (found["state"], [step["words"] for step in found["steps"]]) == (
        "verified", [ORDER["demand"], "done", "seen at the window"],
    )  # fmt: skip
    assert [each["envelope"]["revision"] for each in said] == ["2", "3", "4"]


async def spoken(world: World) -> list[dict[str, Any]]:
    return [event for event in await world._sent() if event["type"].startswith("rectification.")]


async def test_who_reported_does_not_judge_the_report(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    await reported(http, path)
    for step, body in (("verifications", {"finding": "fine"}), ("rejections", {"reason": "no"})):
        refused = await post(http, f"{path}/{step}", path, {"by": "li", **body}, 403)
        assert refused["type"] == "urn:duban:problem:same-person" and "I20" in str(refused)
    assert (await http.get(path)).json()["state"] == "reported"


async def test_what_is_sent_back_has_a_round_and_a_limit_of_its_own(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    id = path.rpartition("/")[2]
    await reported(http, path)
    again = await post(
        http, f"{path}/rejections", path, {"by": "chen", "reason": "one window of three", "within": "5wd"}
    )
    assert (again["state"], again["round"], again["within"], again["clock"]) == (
        "issued", 2, "5wd", f"rectification:{id}.2",
    )  # fmt: skip
    event = (await spoken(world))[-1]
    assert (event["part"], event["limits"][0]["clock"]) == (id, f"rectification:{id}.2")
    await reported(http, path, content=PDF + b" again")
    assert (await spoken(world))[-1]["part"] == f"{id}.2"


async def test_an_overdue_rectification_goes_against_who_must_rectify_once(
    world: World, http: httpx2.AsyncClient
) -> None:
    path = await ordered(http)
    id = path.rpartition("/")[2]
    passed = duty_missed(f"rectification:{id}", "2026-04-01")
    await world.feed(passed)
    await world.feed(passed, passed)
    said = [each for each in await spoken(world) if each["type"] == "rectification.overdue"]
    assert [each["addressee"]["person"] for each in said] == ["li"]
    assert (await http.get(path)).json()["state"] == "overdue"
    listed = (await http.get("/v1/rectifications?state=overdue")).json()["rectifications"]
    assert [each["rectification_id"] for each in listed] == [id]
    await reported(http, path)
    assert (await http.get(path)).json()["state"] == "reported"
    assert "case.overseer_late" not in await world.types()


async def test_a_rectification_whose_miss_was_taken_back_is_not_overdue(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    clock = f"rectification:{path.rpartition('/')[2]}"
    moved = delivered(untrue(clock=clock, subject=f"case:{ID}", due="2026-04-01", reason="due-moved"), revision=2)
    await world.feed(duty_missed(clock, "2026-04-01"), moved, moved)
    assert ((await http.get(path)).json()["state"], (await spoken(world))[-1]["type"]) == (
        "issued", "rectification.not_overdue",
    )  # fmt: skip
    assert (await http.get("/v1/rectifications?state=overdue")).json()["rectifications"] == []
    late = missed("M1", "2026-04-01", clock=clock, subject=f"case:{ID}", holdings=())
    await world.feed(delivered(late, revision=3, id="again"))
    kinds = [each["type"] for each in await spoken(world)]
    assert kinds[-3:] == ["rectification.overdue", "rectification.not_overdue", "rectification.overdue"]
    assert (await http.get(path)).json()["state"] == "overdue", "it is true after all"


async def test_whom_the_case_names_neither_orders_nor_judges(world: World, http: httpx2.AsyncClient) -> None:
    for person in ("zhang", "li", "wang"):
        refused = await post(http, f"{CASE}/rectifications", CASE, ORDER | {"by": person}, 403)
        assert refused["type"] == "urn:duban:problem:named" and "R28" in str(refused)
    path = await ordered(http)
    await reported(http, path)
    for step, body in (("verifications", {"finding": "fine"}), ("rejections", {"reason": "no"})):
        refused = await post(http, f"{path}/{step}", path, {"by": "zhang", **body}, 403)
        assert refused["type"] == "urn:duban:problem:named"
    assert (await http.get(path)).json()["state"] == "reported"


async def test_a_report_that_nobody_looks_at_goes_against_the_overseers(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    await reported(http, path)
    await world.feed(duty_missed(f"rectification-check:{path.rpartition('/')[2]}", "2026-04-01"))
    event = (await world.published())[-1]
    assert (event["type"], event["addressee"]["person"]) == ("case.overseer_late", "chen")


async def test_one_that_stands_alone_counts_its_own_events(world: World, http: httpx2.AsyncClient) -> None:
    alone = ORDER | {"authority": AUTHORITY, "matter": "M-9", "person": "zhou", "within": "5wd"}
    made = (await http.post("/v1/rectifications", json=alone)).json()
    id, path = made["rectification_id"], f"/v1/rectifications/{made['rectification_id']}"
    assert made["case_id"] is None
    refused = await post(http, f"{path}/reports", path, {"by": "li", "report": "done"}, 403)
    assert refused["type"] == "urn:duban:problem:not-concerned"
    await reported(http, path, by="zhou")
    late = missed("M-9", "2026-04-01", clock=f"rectification-check:{id}", subject=f"case:{id}", holdings=())
    await world.feed(delivered(late))
    await post(http, f"{path}/verifications", path, {"by": "chen", "finding": "seen"})
    said = [event for event in await world._sent() if event.get("case_id") == id]
    assert [(each["type"], each["envelope"]["revision"]) for each in said] == [
        ("rectification.opened", "1"), ("rectification.reported", "2"), ("case.overseer_late", "3"),
        ("rectification.verified", "4"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"within": "61wd"}, 422, "limit-too-long"),
        ({"within": "20d"}, 422, "limit-too-long"),
        ({"within": "soon"}, 422, "invalid-request"),
        ({"unit": ""}, 422, "invalid-request"),
    ],
)
async def test_an_order_against_the_rules_is_refused_and_changes_nothing(
    world: World, http: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    refused = await post(http, f"{CASE}/rectifications", CASE, ORDER | change, status)
    assert refused["type"] == f"urn:duban:problem:{code}"
    assert await world.conn.fetchval("select count(*) from rectifications") == 0
    assert await spoken(world) == []


async def test_a_report_needs_evidence_that_was_handed_in_for_it(world: World, http: httpx2.AsyncClient) -> None:
    path, other = await ordered(http), await ordered(http)
    none = await post(http, f"{path}/reports", path, {"by": "li", "report": "done"}, 422)
    assert none["type"] == "urn:duban:problem:evidence-missing"
    elsewhere = await handed_in(http, other)
    wrong = await post(http, f"{path}/reports", path, {"by": "li", "report": "done", "evidence": [elsewhere]}, 422)
    assert wrong["missing"] == [elsewhere]
    assert (await http.get(path)).json()["state"] == "issued"


async def test_steps_out_of_turn_are_refused(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    await post(http, f"{path}/verifications", path, {"by": "chen", "finding": "seen"}, 409)
    await reported(http, path)
    await post(http, f"{path}/reports", path, {"by": "li", "report": "again", "evidence": []}, 409)
    stale = await http.post(f"{path}/verifications", json={"by": "chen", "finding": "x"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    await post(http, f"{path}/verifications", path, {"by": "chen", "finding": "seen"})
    await post(http, f"{path}/rejections", path, {"by": "wu", "reason": "no"}, 409)


async def test_nothing_is_rectified_for_a_withdrawn_case(world: World, http: httpx2.AsyncClient) -> None:
    path = await ordered(http)
    await world.feed(delivered(untrue(), revision=2))
    refused = await post(http, f"{path}/reports", path, {"by": "li", "report": "done"}, 409)
    assert refused["type"] == "urn:duban:problem:case-withdrawn"
    await post(http, f"{CASE}/rectifications", CASE, ORDER, 409)
    await world.feed(duty_missed(f"rectification:{path.rpartition('/')[2]}", "2026-04-01"))
    assert (await http.get(path)).json()["state"] == "issued"


async def test_officials_see_what_they_must_rectify(pool: Pool, world: World, tmp_path: Path) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as http:
        path = await ordered(http, person="zhou")
        unseen = await ordered(http, unit="archive")
    issuer = Issuer(tmp_path)
    async with client_of(pool, world, verifier=issuer.verifier()) as http:
        for role, person, asked, status in (
            ("official", "zhou", path, 200), ("official", "li", path, 200), ("official", "sun", path, 404),
            ("official", "zhou", unseen, 404), ("office", "sun", unseen, 200), ("admin", "sun", path, 403),
        ):  # fmt: skip
            found = await http.get(asked, headers=issuer.bearer(role, person=person))
            assert found.status_code == status, (role, person, asked)
        mine = issuer.bearer("official", person="zhou")
        assert len((await http.get("/v1/rectifications?person=zhou", headers=mine)).json()["rectifications"]) == 1
        assert (await http.get("/v1/rectifications", headers=mine)).status_code == 403
        assert (await http.get(f"/v1/rectifications/{UUID(int=1)}", headers=mine)).status_code == 404
