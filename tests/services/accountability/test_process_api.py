"""Due process over HTTP, on a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.accountability.watch import old_answers
from shared.postgres import Pool
from tests.support.case_world import World, assigned, delivered, key_of, missed, rung_missed, untrue
from tests.support.process_world import DECIDED, ID, PANEL, PARTIES, TEAM, TEXT, Office, client_of, day, passed, problem

LATER = delivered(assigned("ma", "leading", "2026-03-01", id="late"), post="deputy")
"""Learned after the miss: another leader had taken over before the due."""


@pytest.fixture
async def office(pool: Pool, world: World) -> AsyncIterator[Office]:
    async with client_of(pool, world) as http:
        yield Office(world, http)


async def test_a_case_goes_from_lead_to_closed_and_each_step_is_on_record(office: Office) -> None:
    await office.served()
    case = await office.case()
    served = case["proceeding"]
    assert served["state"] == "served"
    assert [step["kind"] for step in served["steps"]] == [
        "review-begun", "filed", "investigation-begun", "notice-given", "defence-heard", "defence-heard",
        "deliberation-begun", "vote-cast", "vote-cast", "vote-cast", "step-proposed", "decided", "exonerated", "served",
        "served",
    ]  # fmt: skip
    assert [event["n"] for event in case["history"]] == list(range(1, 18))
    assert [step["n"] for step in served["steps"]] == [n for n in range(2, 18) if n != 5], "5 is the confirmation"
    assert [step["party"] for step in served["steps"][-2:]] == ["zhang", "li"]
    zhang = served["parties"][0]
    assert (zhang["announced"], zhang["measure"], zhang["recommended"], zhang["rule"]) == (
        "efficiency-warning", "admonition", "admonition", "R26 general, direct",
    )  # fmt: skip
    assert zhang["influence_until"] == "2026-09-11"
    await office.take("execution")
    problem(await office.send("closure", "chen"), 409, "remedy-is-over")
    await passed(office, "review-request:zhang", "2026-04-10")
    refused = problem(await office.send("closure", "chen"), 409, "remedy-is-over")
    assert refused["missing"] == ["review-request:li"]
    await passed(office, "review-request:li", "2026-04-10")
    await office.take("closure")
    assert await office.state() == "closed"


async def test_a_withdrawn_cause_ends_a_proceeding_before_anything_is_decided(office: Office) -> None:
    await office.deliberating()
    await office.world.feed(delivered(untrue(), revision=2))
    case = await office.case()
    assert (case["state"], case["proceeding"]["state"]) == ("withdrawn", "withdrawn")
    assert case["proceeding"]["steps"][-1]["kind"] == "withdrawn"
    refused = problem(await office.send("decision", "chen", reason=TEXT, measures=DECIDED), 409, "case-stands")
    assert refused["rule"] == "domain §4"
    assert (await office.world.types())[-1] == "case.withdrawn"


async def test_a_case_that_stands_again_is_taken_up_anew(office: Office) -> None:
    await office.noticed()
    await office.take("recusal", people=["lin"], reason=TEXT)
    await office.world.feed(delivered(untrue(), revision=2))
    await office.world.feed(delivered(missed(), revision=3))
    await office.take("review")
    proceeding = (await office.case())["proceeding"]
    assert (proceeding["state"], proceeding["round"], proceeding["parties"]) == ("preliminary-review", 2, [])
    problem(await office.send("filing", "lin", reason=TEXT), 403, "not-recused")


async def test_what_people_decided_they_alone_take_back(office: Office) -> None:
    await office.served()
    await office.world.feed(delivered(untrue(), revision=2))
    case = await office.case()
    assert (case["state"], case["proceeding"]["state"]) == ("standing", "served")
    proposed = case["history"][-1]
    assert (proposed["type"], proposed["says"]["cause"]["source"]) == ("case.revocation_proposed", "/duban/deadline")
    assert proposed["says"]["limits"][0]["clock"] == "revocation"
    assert "revocation" in [step["step"] for step in case["proceeding"]["next"]]
    await office.two("revocation", reason=TEXT)
    case = await office.case()
    exonerated = case["history"][-1]
    assert [event["type"] for event in case["history"]][-2:] == ["case.revoked", "case.exonerated"]
    assert exonerated["says"]["told"] == ["li", "wang", "zhang"]
    assert exonerated["says"]["people"] == ["zhang", "li"]
    assert all(party["influence_until"] is None for party in case["proceeding"]["parties"])


async def test_a_miss_that_is_true_again_leaves_nothing_to_revoke(office: Office) -> None:
    await office.served()
    await office.world.feed(delivered(untrue(), revision=2), delivered(missed(), revision=3, id="again"))
    types = await office.world.types()
    assert types[-2:] == ["case.revocation_proposed", "case.revocation_lapsed"]
    problem(await office.send("revocation", "chen", reason=TEXT), 409, "permitted-now")
    await office.world.feed(delivered(missed(), revision=3, id="again"))
    assert await office.world.types() == types


async def test_an_older_word_of_the_deadline_service_proposes_nothing(office: Office) -> None:
    await office.served()
    before = await office.world.types()
    await office.world.feed(delivered(untrue(), revision=1))
    assert await office.world.types() == before


async def test_the_same_person_is_not_both_of_two(office: Office) -> None:
    await office.deliberating()
    first = await office.send("decision", "chen", reason=TEXT, measures=DECIDED)
    assert (first.status_code, first.json()["state"], first.json()["proposed"]) == (202, "deliberation", True)
    refused = problem(await office.send("decision", "chen", reason=TEXT, measures=DECIDED), 403, "two-people")
    assert (refused["rule"], refused["missing"]) == ("I20", ["a second person"])
    other = await office.send("decision", "guo", reason="Other words.", measures=DECIDED)
    assert other.status_code == 202  # not the same: it is proposed anew
    assert (await office.take("decision", "chen", reason="Other words.", measures=DECIDED))["by"] == ["guo", "chen"]


async def test_a_recused_person_neither_votes_nor_decides(office: Office) -> None:
    await office.deliberating()
    await office.take("recusal", people=["wu"], reason=TEXT)
    problem(await office.send("vote", "wu", outcome="decision"), 403, "not-recused")
    refused = problem(await office.send("decision", "wu", reason=TEXT, measures=DECIDED), 403, "not-recused")
    assert refused["rule"] == "R28"
    lacking = problem(await office.send("decision", "chen", reason=TEXT, measures=DECIDED), 409, "voted-for")
    assert lacking["missing"] == ["1 more votes"]


FORBIDDEN: tuple[tuple[str, dict[str, Any], int, str], ...] = (
        ("decision", {"reason": TEXT, "measures": [{"person": "zhang", "measure": "transfer"},
                                                   {"person": "li", "measure": "none"}]}, 409, "no-aggravation"),
        ("decision", {"reason": TEXT, "measures": [{"person": "zhang", "measure": "demotion"},
                                                   {"person": "li", "measure": "none"}]}, 422, "recommends-only"),
        ("decision", {"reason": TEXT, "measures": DECIDED[:1]}, 409, "no-aggravation"),
        ("decision", {"reason": TEXT, "measures": DECIDED, "at": "2026-03-01T00:00:00+08:00"}, 422, "dates-in-order"),
        ("decision", {"reason": TEXT, "measures": DECIDED, "at": "2027-03-01T00:00:00+08:00"}, 422, "dates-in-order"),
        ("referral", {"reason": TEXT, "to": "the commission"}, 409, "voted-for"),
        ("exemption", {"reason": TEXT, "ground": "bad-luck"}, 409, "voted-for"),
        ("service", {}, 409, "permitted-now"),
        ("notice", {"facts": TEXT, "basis": TEXT, "announced": PARTIES}, 409, "permitted-now"),
        ("deliberation", {"members": ["chen", *PANEL]}, 409, "quorum"),
        ("deliberation", {"members": [*PANEL, "zhang"]}, 422, "fit-to-act"),
        ("decision", {"measures": DECIDED}, 422, "invalid-request"),
        ("decision", {"reason": TEXT, "measures": DECIDED, "also": 1}, 422, "invalid-request"),
        ("expulsion", {}, 404, "no-such-step"),
)  # fmt: skip


async def test_a_forbidden_step_names_the_rule_and_changes_nothing(office: Office) -> None:
    await office.deliberating()
    before = await office.case()
    for step, body, status, code in FORBIDDEN:
        refused = problem(await office.send(step, "guo", **body), status, code)
        assert code in ("invalid-request", "no-such-step") or (refused["rule"] and refused["title"])
    assert await office.case() == before


async def test_whom_the_case_names_neither_investigates_nor_decides_it(office: Office) -> None:
    await office.filed()
    for person in ("zhang", "li", "wang"):
        problem(await office.send("investigators", "chen", investigators=["chen", person]), 422, "fit-to-act")
        problem(await office.send("investigators", person, investigators=["chen", "lin"]), 403, "not-named")
    refused = problem(await office.send("investigators", "chen", investigators=["chen"]), 409, "two-investigators")
    assert refused["missing"] == ["1 more investigator"]
    await office.take("investigators", investigators=["chen", "lin"])
    await office.take("recusal", people=["lin"], reason=TEXT)
    said: dict[str, Any] = {"facts": TEXT, "basis": TEXT, "announced": PARTIES}
    problem(await office.send("notice", "chen", **said), 409, "two-investigators")


async def test_nobody_is_told_of_a_finding_that_nobody_has_confirmed(office: Office) -> None:
    await office.filed()
    await office.take("investigators", investigators=TEAM)
    said: dict[str, Any] = {"facts": TEXT, "basis": TEXT, "announced": PARTIES}
    refused = problem(await office.send("notice", "chen", **said), 409, "found-responsible")
    assert (refused["rule"], refused["missing"]) == ("I12, R25", ["confirmation of attribution 1"])
    await office.confirm()
    await office.world.feed(LATER)
    refused = problem(await office.send("notice", "chen", **said), 409, "found-responsible")
    assert refused["missing"] == ["decision on revision 1"]
    await office.revise(accept=False)
    await office.take("notice", **said)


async def test_nobody_is_burdened_whom_a_revision_accepted_since_no_longer_names(office: Office) -> None:
    await office.deliberating()
    await office.world.feed(LATER)
    said: dict[str, Any] = {"reason": TEXT, "measures": [dict(one, measure="admonition") for one in DECIDED]}
    assert problem(await office.send("decision", "chen", **said), 409, "found-responsible")["rule"] == "I12, R25"
    await office.revise(accept=True)
    assert problem(await office.send("decision", "chen", **said), 409, "still-found")["missing"] == ["li"]
    await office.two("decision", reason=TEXT, measures=DECIDED)


async def test_notice_names_only_who_held_the_role(office: Office) -> None:
    await office.investigating()
    for person, role in (("passer-by", "direct"), ("zhang", "leading")):
        said = [{"person": person, "role": role, "severity": "general", "measure": "admonition"}]
        refused = await office.send("notice", "chen", facts=TEXT, basis=TEXT, announced=said)
        assert problem(refused, 422, "held-the-role")["rule"] == "I12"


async def test_nobody_deliberates_before_everybody_was_heard_or_let_the_limit_pass(office: Office) -> None:
    await office.noticed()
    await office.take("defence", "zhang", plea=True, defence="It was the applicant.")
    refused = problem(await office.send("deliberation", "chen", members=PANEL), 409, "notice-and-defence")
    assert refused["missing"] == ["li"]
    await passed(office, "defence", "2026-03-23")
    await office.take("deliberation", members=PANEL)


async def test_a_step_names_the_revision_that_was_seen(office: Office) -> None:
    await office.open()
    bare = await office.http.post(f"/v1/cases/{ID}/steps/review", json={"by": "chen"})
    problem(bare, 428, "precondition-required")
    stale = problem(await office.send("review", "chen", revision=7), 412, "changed-meanwhile")
    assert stale["revision"] == 1
    tag = (await office.http.get(f"/v1/cases/{ID}")).headers["etag"]
    taken = await office.http.post(f"/v1/cases/{ID}/steps/review", json={"by": "chen"}, headers={"if-match": tag})
    assert (taken.status_code, taken.headers["etag"]) == (201, '"2"')


async def test_a_step_sent_again_is_answered_alike_and_taken_once(office: Office) -> None:
    await office.open()
    first = await office.send("review", "chen", key="k-1")
    again = await office.send("review", "chen", key="k-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    assert await office.world.types() == ["case.opened", "case.review_begun"]
    problem(await office.send("filing", "chen", key="k-1", reason=TEXT), 409, "idempotency-key-reused")


async def test_an_answer_is_given_again_for_as_long_as_it_is_kept(office: Office) -> None:
    await office.open()
    await office.send("review", "chen", key="old")
    office.world.clock.now += timedelta(days=29)
    await office.send("filing", "chen", key="new", reason=TEXT)
    forget = old_answers(office.world.clock, keep_days=30)
    await forget(office.world.conn)
    assert (await office.send("review", "chen", key="old")).status_code == 201, "it is kept for thirty days"
    office.world.clock.now += timedelta(days=2)
    await forget(office.world.conn)
    problem(await office.send("review", "chen", key="old"), 409, "permitted-now")
    assert (await office.send("filing", "chen", key="new", reason=TEXT)).status_code == 201


async def test_texts_are_kept_apart_and_shown_to_those_they_concern(office: Office) -> None:
    await office.deliberating()
    assert all("The applicant was late." not in str(event) for event in await office.world.published())
    steps = (await office.case())["proceeding"]["steps"]
    defence = next(step for step in steps if step["kind"] == "defence-heard")
    assert defence["texts"] == [{"kind": "defence", "text": "The applicant was late."}]


async def test_repetition_within_a_year_raises_what_is_recommended(office: Office) -> None:
    await office.served()
    await office.world.feed(delivered(missed("M2")))
    second = Office(office.world, office.http, key_of("M2").case_id, "M2")
    recommended = (await second.case())["proceeding"]["recommended"]
    assert [(one["person"], one["earlier"], one["by_severity"]["general"]["measure"]) for one in recommended] == [
        ("zhang", 1, "efficiency-warning"), ("li", 0, "admonition"), ("wang", 0, "written-review"),
    ]  # fmt: skip
    assert recommended[0]["by_severity"]["general"]["rule"] == "R27 second time within a year"


async def test_after_the_limit_of_the_decision_nobody_is_burdened(office: Office) -> None:
    await office.deliberating()
    office.world.clock.now = day("2026-09-12")
    refused = problem(await office.send("decision", "chen", reason=TEXT, measures=DECIDED), 409, "in-time")
    assert (refused["rule"], refused["missing"]) == ("R28", [])
    refused = problem(await office.send("extension", "chen", reason=TEXT), 409, "extended-in-time")
    assert (refused["rule"], "possible until 2026-09-11" in refused["title"]) == ("R28", True)
    dated_back = await office.send("extension", "chen", reason=TEXT, at="2026-09-10T09:00:00+08:00")
    problem(dated_back, 409, "extended-in-time")


async def test_a_decision_is_extended_before_its_limit_is_past(office: Office) -> None:
    await office.deliberating()
    office.world.clock.now = day("2026-09-11")
    await office.two("extension", reason=TEXT)
    office.world.clock.now = day("2026-09-12")
    await office.two("decision", reason=TEXT, measures=DECIDED)
    extended = next(e for e in await office.world.published() if e["type"] == "case.decision_extended")
    assert extended["until"] == extended["limits"][0]["at"] == "2027-03-11"


async def test_a_rung_of_the_ladder_moves_no_proceeding(office: Office) -> None:
    await office.filed()
    await office.world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    assert await office.state() == "filed"
