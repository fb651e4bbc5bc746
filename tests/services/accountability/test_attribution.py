"""What a miss says beside who held the matter; and what a person confirms, no fact changes by itself."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.accountability import attribution_api
from services.accountability.api import routes
from shared.events.base import EventRef
from shared.events.deadline import Act, DeadlineMissed, Holding, PauseCounted, Team
from shared.http import create_api
from shared.inbox import Message
from shared.postgres import Pool
from tests.support.case_world import (
    UNIT,
    World,
    assigned,
    day,
    delivered,
    key_of,
    missed,
    people,
    rung_missed,
    stated,
    untrue,
)

ID = key_of().case_id
HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)
LATER = delivered(assigned("chen", "leading", "2026-03-01", id="late"), post="deputy")
"""Learned after the miss: another leader had taken over before the due."""
TEAM = Team(project_manager="meng", first_contact="fang", lead_unit=UNIT)


def held(person: str | None, since: str, until: str | None, minutes: int, unit: str = UNIT) -> Holding:
    end = None if until is None else day(until)
    return Holding(since=day(since), until=end, unit=unit, person=person, net_minutes=minutes)


SHARED = (held("qian", "2026-03-03", "2026-03-09", 1560, "archive"), held("zhao", "2026-03-09", None, 390))


def opinion(id: str, person: str, role: str, stance: str, at: str, overrides: str | None = None) -> Act:
    return Act.model_validate(
        {
            "kind": "opinion", "at": day(at), "stance": stance, "fact": EventRef(source="/a", id=id),
            "event": f"event-{id}", "known_since": day(at), "person": person, "role": role,
            "overrides": None if overrides is None else EventRef(source="/a", id=overrides),
        }
    )  # fmt: skip


OVERRIDDEN = (
    opinion("1", "zhao", "handler", "grant", "2026-03-05"),
    opinion("2", "sun", "reviewer", "hold", "2026-03-06", overrides="1"),
)


def told(**more: Any) -> DeadlineMissed:
    return missed(holdings=SHARED, **more)


async def shown(http: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/v1/cases/{ID}")).json()
    return found


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(routes(pool, world.clock, lambda: None))
    api.include_router(attribution_api.routes(pool, world.clock, lambda: None))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as client:
        yield client


async def confirmed(http: httpx2.AsyncClient, by: str = "office-1", n: int = 1, **headers: str) -> httpx2.Response:
    revision = (await shown(http))["revision"]
    tag = {"if-match": f'"{revision}"', **headers}
    return await http.post(f"/v1/cases/{ID}/attributions/{n}/confirmations", json={"by": by}, headers=tag)


async def decided(http: httpx2.AsyncClient, *, accept: bool, no: int = 1, by: str = "office-1") -> httpx2.Response:
    revision = (await shown(http))["revision"]
    path = f"/v1/cases/{ID}/revisions/{no}/decisions"
    return await http.post(path, json={"by": by, "accept": accept}, headers={"if-match": f'"{revision}"'})


# What the case says


async def test_the_case_tells_the_shares_what_others_had_to_do_with_it_and_who_follows(
    world: World, http: httpx2.AsyncClient
) -> None:
    hearing = PauseCounted(ground="hearing", since=day("2026-03-04"), until=day("2026-03-05"), assumed=False)
    await world.feed(*HOLDERS, delivered(told(team=TEAM, pauses=(hearing,))))
    case = await shown(http)
    assert people(case["responsible"]) == {"direct": "zhao", "leading": "li", "principal": "wang"}
    assert case["shares"] == [
        {"unit": "archive", "person": "qian", "net_minutes": 1560, "percent": 80},
        {"unit": UNIT, "person": "zhao", "net_minutes": 390, "percent": 20},
    ]
    assert case["external"]["units"] == [{"unit": "archive", "net_minutes": 1560}]
    assert case["external"]["pauses"][0]["ground"] == "hearing"
    assert (case["team"]["project_manager"], case["team"]["first_contact"]) == ("meng", "fang")
    (opened,) = await world.published()
    assert (opened["shares"], opened["external"], opened["team"]) == (case["shares"], case["external"], case["team"])


async def test_whoever_follows_the_matter_is_told_of_each_rung_and_of_the_withdrawal(world: World) -> None:
    await world.feed(*HOLDERS, delivered(told(team=TEAM)))
    await world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    await world.feed(delivered(untrue(), revision=2))
    _, escalated, withdrawn = await world.published()
    assert escalated["team"]["project_manager"] == "meng"
    assert {"fang", "meng"} <= set(withdrawn["told"])


async def test_a_reviewer_who_overrode_a_correct_opinion_is_direct(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(told(acts=OVERRIDDEN)))
    direct = (await shown(http))["responsible"][0]
    assert (direct["person"], direct["rule"], direct["facts"]) == ("sun", "R25/reviewer", ["event-1", "event-2"])
    assert direct["known_since"] == "2026-03-06T00:00:00+08:00"


async def test_a_directory_fact_learned_later_keeps_what_the_acts_say(world: World) -> None:
    await world.feed(*HOLDERS, delivered(told(acts=OVERRIDDEN)))
    await world.feed(LATER)
    revised = (await world.published())[-1]
    assert people(revised["responsible"]) == {"direct": "sun", "leading": "chen", "principal": "wang"}


async def test_a_miss_told_again_with_other_shares_says_so_though_it_names_the_same(world: World) -> None:
    await world.feed(*HOLDERS, delivered(told(acts=OVERRIDDEN)))
    other = (held("qian", "2026-03-03", "2026-03-06", 1170, "archive"), held("zhao", "2026-03-06", None, 780))
    await world.feed(delivered(missed(holdings=other, acts=OVERRIDDEN), revision=2))
    assert await world.types() == ["case.opened", "case.revised"]
    assert [share["net_minutes"] for share in (await world.published())[-1]["shares"]] == [1170, 780]


async def test_a_matter_in_one_pair_of_hands_keeps_nothing_beside_its_case(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    assert await world.conn.fetchval("select count(*) from attribution_states") == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
async def test_order_and_duplication_do_not_matter(
    order: tuple[int, ...], world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS)
    words: list[Message] = [
        delivered(told()), delivered(told(acts=OVERRIDDEN, team=TEAM), revision=2), LATER,
    ]  # fmt: skip
    for n in (*order, *order):
        await world.feed(words[n])
    case = await shown(http)
    assert people(case["responsible"]) == {"direct": "sun", "leading": "chen", "principal": "wang"}
    assert case["team"]["first_contact"] == "fang"


# What a person confirms


async def test_before_the_confirmation_a_fact_learned_later_revises_by_itself(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    assert (await shown(http))["confirmed"] is False
    await world.feed(LATER)
    assert await world.types() == ["case.opened", "case.revised"]


async def test_after_the_confirmation_it_is_only_proposed(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    assert (await confirmed(http)).status_code == 201
    await world.feed(LATER)
    case = await shown(http)
    assert (case["confirmed"], people(case["responsible"])["leading"]) == (True, "li")
    assert people(case["proposed_revision"]["responsible"])["leading"] == "chen"
    assert await world.types() == ["case.opened", "case.attribution_confirmed", "case.revision_proposed"]
    (waiting,) = (await http.get("/v1/revisions")).json()["revisions"]
    assert (waiting["case_id"], waiting["no"]) == (str(ID), 1)


async def test_since_when_a_post_was_known_is_told_and_learning_it_again_proposes_nothing(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS)
    learned, world.clock.now = world.clock.now, world.clock.now + timedelta(hours=5)
    await world.feed(delivered(missed()))
    case = await shown(http)
    assert {r["known_since"] for r in case["responsible"]} == {learned.isoformat()}
    assert case["attributions"][0]["responsible"] == case["responsible"]
    assert (await world.published())[0]["responsible"][1]["known_since"] == learned.isoformat()
    again = stated(
        "holder.assigned", "deputy", "2025-01-01", person="li", role="leading", unit=UNIT,
        replaces="li-leading-2025-01-01", id="again",
    )  # fmt: skip
    await world.feed(again)
    assert await world.types() == ["case.opened"]
    await confirmed(http)
    await world.feed(delivered(missed(), revision=2), stated("leave.taken", "sun", "2026-03-01"))
    assert await world.types() == ["case.opened", "case.attribution_confirmed"]
    assert (await world.case())["proposal"][1]["known_since"] == learned.isoformat()


async def test_an_accepted_revision_is_confirmed_and_a_rejected_one_leaves_all_as_it_was(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await confirmed(http)
    await world.feed(LATER)
    assert (await decided(http, accept=False)).status_code == 201
    case = await shown(http)
    assert (case["confirmed"], case["proposed_revision"], people(case["responsible"])["leading"]) == (True, None, "li")
    await world.feed(delivered(assigned("gao", "leading", "2026-03-02", id="later-still"), post="deputy"))
    assert (await decided(http, accept=True, no=2, by="office-2")).status_code == 201
    case = await shown(http)
    assert (case["confirmed"], people(case["responsible"])["leading"]) == (True, "gao")
    assert case["confirmation"] | {"at": ""} == {"n": 2, "by": "office-2", "at": ""}
    assert [event["type"] for event in (await world.published())[-2:]] == ["case.revision_closed", "case.revised"]
    assert (await http.get("/v1/revisions")).json()["revisions"] == []


async def test_a_revision_lapses_when_what_is_known_says_again_what_was_confirmed(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await confirmed(http)
    await world.feed(LATER)
    assert (await shown(http))["proposed_revision"] is not None
    await world.feed(stated("retracted", "deputy", "2026-03-20", replaces="late"))
    assert (await shown(http))["proposed_revision"] is None
    assert (await world.published())[-1]["outcome"] == "lapsed"
    assert (await decided(http, accept=True)).json()["type"] == "urn:duban:problem:no-such-revision"


async def test_a_case_that_comes_to_stand_again_awaits_a_confirmation_of_its_own(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await confirmed(http)
    await world.feed(delivered(untrue(), revision=2))
    assert (await confirmed(http)).json()["type"] == "urn:duban:problem:case-withdrawn"
    await world.feed(delivered(missed(), revision=3))
    assert (await shown(http))["confirmed"] is False
    assert (await confirmed(http, n=2)).status_code == 201


@pytest.mark.parametrize(
    ("by", "n", "code"),
    [("li", 1, "named-in-the-case"), ("office-1", 2, "not-the-last-attribution"), (None, 1, "invalid-request")],
)
async def test_what_may_not_be_confirmed(
    by: str | None, n: int, code: str, world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    revision = (await shown(http))["revision"]
    path = f"/v1/cases/{ID}/attributions/{n}/confirmations"
    body = {} if by is None else {"by": by}
    refused = await http.post(path, json=body, headers={"if-match": f'"{revision}"'})
    assert refused.json()["type"] == f"urn:duban:problem:{code}"
    assert await world.types() == ["case.opened"]


async def test_nobody_confirms_what_they_have_not_seen(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    path = f"/v1/cases/{ID}/attributions/1/confirmations"
    assert (await http.post(path, json={"by": "o"})).status_code == 428
    assert (await http.post(path, json={"by": "o"}, headers={"if-match": '"7"'})).status_code == 412
    again = {"if-match": '"1"', "idempotency-key": "k1"}
    first = await http.post(path, json={"by": "o"}, headers=again)
    assert first.status_code == 201
    assert (await http.post(path, json={"by": "o"}, headers=again)).json() == first.json()
    assert (await confirmed(http)).json()["type"] == "urn:duban:problem:confirmed-before"


async def test_of_a_revision_that_nobody_proposed_nobody_decides(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await confirmed(http)
    assert (await decided(http, accept=True)).json()["type"] == "urn:duban:problem:no-such-revision"
    await world.feed(LATER)
    assert (await decided(http, accept=True, by="chen")).json()["type"] == "urn:duban:problem:named-in-the-case"
