"""What people do on the ladder beside answering: it is on record, it is told, and no rung fires twice by it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from shared.postgres import Pool
from tests.support.case_world import World, delivered, missed, rung_missed, untrue
from tests.support.identity import Issuer
from tests.support.ladder_world import BOOK, HOLDERS, ID, client_of, post

CASE = f"/v1/cases/{ID}"
SNOOZE = {"by": "li", "amount": "2wd", "reason": "the plans are with the fire service"}


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as client:
        yield client


async def test_who_has_read_the_case_says_so_and_the_ladder_goes_on(world: World, http: httpx2.AsyncClient) -> None:
    first = await http.post(f"{CASE}/acknowledgements", json={"by": "zhang"})
    again = await http.post(f"{CASE}/acknowledgements", json={"by": "zhang"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await world.types()) == ["case.opened", "case.acknowledged"]
    assert "limits" not in (await world.published())[-1]
    await world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    assert (await world.types())[-1] == "case.escalated"


async def test_an_acknowledgement_stops_the_ladder_where_the_rulebook_says_so(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    book = replace(BOOK, editions=(replace(BOOK.editions[0], acknowledgement_stops=True),))
    async with client_of(pool, world, book=book) as http:
        await http.post(f"{CASE}/acknowledgements", json={"by": "zhang"})
        limits = (await world.published())[-1]["limits"]
        assert [limit["clock"] for limit in limits] == ["rung-1", "rung-2"]
        assert all(limit["stops_on"] == ["case.answered", "case.acknowledged"] for limit in limits)
        await post(http, f"{CASE}/snoozes", CASE, SNOOZE, 409)


async def test_the_addressee_says_who_must_answer_and_who_was_assigned_may(
    world: World, http: httpx2.AsyncClient
) -> None:
    refused = await post(http, f"{CASE}/assignments", CASE, {"by": "li", "assignee": "zhou"}, 403)
    assert refused["type"] == "urn:duban:problem:not-addressed"
    await post(http, f"{CASE}/assignments", CASE, {"by": "zhang", "assignee": "zhang"}, 409)
    await post(http, f"{CASE}/assignments", CASE, {"by": "zhang", "assignee": "zhou"})
    event = (await world.published())[-1]
    assert (event["type"], event["assigned_by"], event["assignee"]) == ("case.assigned", "zhang", "zhou")
    answer = await http.post(f"{CASE}/answers", json={"person": "zhou", "text": "it is done on Monday"})
    assert answer.status_code == 201
    await post(http, f"{CASE}/assignments", CASE, {"by": "zhang", "assignee": "sun"}, 409)


async def test_a_snooze_states_the_rungs_anew_and_its_reason_stays_here(world: World, http: httpx2.AsyncClient) -> None:
    await post(http, f"{CASE}/snoozes", CASE, SNOOZE)
    event = (await world.published())[-1]
    assert (event["ground"], event["expected"], event["n"]) == ("snooze", "2wd", 1)
    assert [(limit["clock"], limit["pauses"]) for limit in event["limits"]] == [
        ("rung-1", [{"ground": "snooze", "then": "alarm"}]), ("rung-2", [{"ground": "snooze", "then": "alarm"}]),
    ]  # fmt: skip
    assert SNOOZE["reason"] not in str(event)
    (step,) = (await http.get(f"{CASE}/ladder")).json()["steps"]
    assert (step["kind"], step["by"], step["reason"]) == ("snoozed", "li", SNOOZE["reason"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"by": "zhang"}, 403, "not-entitled"),
        ({"amount": "4wd"}, 409, "snooze-too-long"),
        ({"amount": "2d"}, 409, "snooze-too-long"),
        ({"amount": "2 days"}, 422, "invalid-request"),
    ],
)
async def test_a_snooze_beyond_its_limits_is_refused_with_the_rule_and_changes_nothing(
    world: World, http: httpx2.AsyncClient, change: dict[str, str], status: int, code: str
) -> None:
    refused = await post(http, f"{CASE}/snoozes", CASE, SNOOZE | change, status)
    assert refused["type"] == f"urn:duban:problem:{code}"
    assert await world.types() == ["case.opened"]
    assert await world.conn.fetchval("select count(*) from texts") == 0


async def test_a_case_is_snoozed_as_often_as_the_rulebook_allows(world: World, http: httpx2.AsyncClient) -> None:
    await post(http, f"{CASE}/snoozes", CASE, SNOOZE)
    refused = await post(http, f"{CASE}/snoozes", CASE, SNOOZE, 409)
    assert refused["type"] == "urn:duban:problem:snoozed-too-often"
    await world.feed(delivered(untrue(), revision=2))
    await post(http, f"{CASE}/snoozes", CASE, SNOOZE, 409)
    await world.feed(delivered(missed(), revision=3, id="again"))
    await post(http, f"{CASE}/snoozes", CASE, SNOOZE)


async def test_nothing_is_left_to_be_put_off_after_the_last_rung_or_an_answer(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(delivered(rung_missed(ID, 2, "2026-03-18")))
    assert (await post(http, f"{CASE}/snoozes", CASE, SNOOZE, 409))["type"].endswith("ladder-ended")
    await http.post(f"{CASE}/answers", json={"person": "li", "text": "done"})
    assert (await post(http, f"{CASE}/snoozes", CASE, SNOOZE, 409))["type"].endswith("already-answered")


async def test_every_rung_fires_once_whatever_is_done_between(world: World, http: httpx2.AsyncClient) -> None:
    await http.post(f"{CASE}/acknowledgements", json={"by": "zhang"})
    await post(http, f"{CASE}/snoozes", CASE, SNOOZE)
    for _ in range(2):
        await world.feed(delivered(rung_missed(ID, 1, "2026-03-16")))
        await world.feed(delivered(rung_missed(ID, 2, "2026-03-20")), delivered(rung_missed(ID, 1, "2026-03-17")))
    assert (await world.types()).count("case.escalated") == 2


async def test_nobody_decides_on_what_they_have_not_seen(http: httpx2.AsyncClient) -> None:
    assert (await http.post(f"{CASE}/snoozes", json=SNOOZE)).status_code == 428
    await http.post(f"{CASE}/acknowledgements", json={"by": "zhang"})
    stale = await http.post(f"{CASE}/snoozes", json=SNOOZE, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["revision"]) == (412, 2)
    tag = (await http.get(f"{CASE}/ladder")).headers["etag"]
    assert (await http.post(f"{CASE}/snoozes", json=SNOOZE, headers={"if-match": tag})).status_code == 201


async def test_the_same_request_again_is_answered_alike_and_changes_nothing(
    world: World, http: httpx2.AsyncClient
) -> None:
    headers = {"if-match": '"1"', "idempotency-key": "k-1"}
    first = await http.post(f"{CASE}/snoozes", json=SNOOZE, headers=headers)
    again = await http.post(f"{CASE}/snoozes", json=SNOOZE, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.headers["etag"] == again.headers["etag"] == '"2"'
    other = await http.post(f"{CASE}/snoozes", json=SNOOZE | {"amount": "1wd"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (409, "urn:duban:problem:idempotency-key-reused")
    assert (await world.types()).count("case.snoozed") == 1


async def test_a_refused_request_does_not_take_its_key(http: httpx2.AsyncClient) -> None:
    stale = {"if-match": '"7"', "idempotency-key": "k-1"}
    assert (await http.post(f"{CASE}/snoozes", json=SNOOZE, headers=stale)).status_code == 412
    assert (await http.post(f"{CASE}/snoozes", json=SNOOZE, headers=stale | {"if-match": '"1"'})).status_code == 201


async def test_officials_act_for_themselves_and_on_what_concerns_them(pool: Pool, world: World, tmp_path: Path) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    issuer = Issuer(tmp_path)
    async with client_of(pool, world, verifier=issuer.verifier()) as http:
        for role, person, by, status in (
            ("official", "sun", None, 404), ("official", "zhang", "li", 403), ("office", "zhang", None, 403),
            ("official", "zhang", None, 201),
        ):  # fmt: skip
            given = {} if by is None else {"by": by}
            headers = issuer.bearer(role, person=person)
            found = await http.post(f"{CASE}/acknowledgements", json=given, headers=headers)
            assert found.status_code == status, (role, person, found.text)
        assert (await http.get(f"{CASE}/ladder", headers=issuer.bearer("official", person="sun"))).status_code == 404
        assert (await http.get(f"{CASE}/ladder", headers=issuer.bearer("auditor", person="sun"))).status_code == 200
