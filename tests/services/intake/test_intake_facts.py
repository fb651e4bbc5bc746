"""What becomes of good events: stored once, published with limits, corrected, retracted."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from shared.events.base import aggregate_key
from shared.events.intake import FactCorrected, MatterRegistered
from tests.support.intake_submissions import event, new_key, registration
from tests.support.intake_world import NOW, World
from tests.support.submissions import submission


async def test_registration_carries_its_limits_and_where_it_came_from(world: World) -> None:
    key = new_key()
    submitted = registration(key, title="Kiosk 报刊亭")
    answer = await world.post_event(submitted)

    assert answer.status_code == 202
    (published,) = await world.published("matter-events", key)
    assert answer.json() == {
        "source": submitted["source"],
        "id": submitted["id"],
        "status": "accepted",
        "problems": [],
        "event": published.headers["ce_id"],
    }
    assert published.key == published.headers["ce_subject"] == key
    assert published.headers["ce_causationid"] == f"{submitted['source']} {submitted['id']}"
    assert published.headers["ce_time"] == submitted["time"]
    registered = published.event
    assert isinstance(registered, MatterRegistered)
    assert registered.received_at == NOW
    assert registered.title == "Kiosk 报刊亭"
    assert registered.item_version.startswith("general-licence@2004-07-01+")
    assert [(limit.clock, limit.amount, limit.calendar) for limit in registered.limits] == [("decision", "20wd", "CN")]


async def test_recorded_due_is_a_limit_of_its_own(world: World) -> None:
    key = new_key("boston")
    await world.send(registration(key, item="street-light", due="2026-03-20T08:30:00-04:00"))
    (published,) = await world.published("matter-events", key)
    assert published.data["limits"] == [
        {
            "clock": "recorded",
            "at": "2026-03-20T08:30:00-04:00",
            "start_rule": "day0",
            "roll": "none",
            "zone": "America/New_York",
            "calendar": "US",
            "starts_on": ["matter.registered"],
            "stops_on": ["matter.closed"],
            "warnings": ["25%"],
            "source": "recorded by the publisher",
        }
    ]


async def test_stated_zone_and_day_of_a_due_count(world: World) -> None:
    key = new_key("boston")
    await world.send(registration(key, due="2026-03-20", zone="America/Chicago"))
    (published,) = await world.published("matter-events", key)
    assert [(limit["clock"], limit["zone"]) for limit in published.data["limits"]] == [
        ("decision", "Asia/Shanghai"),
        ("recorded", "America/Chicago"),
    ]
    assert published.data["limits"][1]["at"] == "2026-03-20"


@pytest.mark.parametrize(
    ("occurred", "amount"),
    [
        ("2025-12-31T23:59:59+08:00", "10wd"),
        ("2025-12-31T16:00:00Z", "7wd"),
        ("2025-12-31T11:00:00-05:00", "7wd"),
        ("2026-01-01", "7wd"),
    ],
)
async def test_catalogue_version_is_that_of_the_day_it_happened(world: World, occurred: str, amount: str) -> None:
    key = new_key()
    await world.send(registration(key, item="two-versions", occurred_at=occurred, zone="Asia/Shanghai"))
    (published,) = await world.published("matter-events", key)
    assert [limit["amount"] for limit in published.data["limits"]] == [amount]


async def test_changed_limits_are_resolved(world: World) -> None:
    key = new_key()
    await world.send(
        event("limits.changed", key, item="joint-approval", due="2026-06-01", zone="Asia/Shanghai"),
        event("limits.changed", key, due="2026-07-01", zone="Asia/Shanghai"),
    )
    both, due = await world.published("matter-events", key)
    assert [limit["clock"] for limit in both.data["limits"]] == ["decision", "recorded"]
    assert [limit["at"] for limit in due.data["limits"]] == ["2026-07-01"]
    assert "item_version" not in due.data


async def test_corrected_registration_comes_with_limits(world: World) -> None:
    key = new_key()
    wrong = registration(key)
    right = {"occurred_at": "2026-03-04", "zone": "Asia/Shanghai", "item": "joint-approval", "unit": "window 3"}
    correction = submission(
        id=uuid4().hex,
        type="fact.corrected",
        subject=key,
        data={
            "replaces": {"source": wrong["source"], "id": wrong["id"]},
            "fact": {"type": "matter.submitted", "data": right},
        },
    )
    await world.send(correction, wrong)

    corrected, _ = await world.published("matter-events", key)
    assert isinstance(corrected.event, FactCorrected)
    fact = corrected.data["fact"]
    assert fact["type"] == "matter.registered"
    assert fact["data"]["limits"][0]["amount"] == "45wd"
    assert fact["data"]["item_version"].startswith("joint-approval@2004-07-01+")
    assert not {"submission", "issued_at", "received_at"} & set(fact["data"])
    recorded = {"submission": {"source": "/x", "id": "1"}, "issued_at": NOW.isoformat(), "received_at": NOW.isoformat()}
    MatterRegistered.model_validate_json(orjson.dumps({**fact["data"], **recorded}))


async def test_correction_spelled_differently_is_the_same_correction(world: World) -> None:
    def correction(occurred_at: str) -> dict[str, Any]:
        fact = {"type": "matter.closed", "data": {"occurred_at": occurred_at}}
        data = {"replaces": {"source": "/x", "id": "1"}, "fact": fact}
        return submission(id="spelled", type="fact.corrected", subject="licheng/spelled", data=data)

    assert (await world.post_event(correction("2026-03-05T09:00:00Z"))).status_code == 202
    assert (await world.post_event(correction("2026-03-05T09:00:00.000+00:00"))).status_code == 200
    assert (await world.post_event(correction("2026-03-05T09:00:01Z"))).status_code == 409


async def test_retraction_is_published(world: World) -> None:
    key = new_key()
    wrong = event("matter.closed", key)
    retraction = submission(
        id=uuid4().hex,
        type="fact.retracted",
        subject=key,
        data={"replaces": {"source": wrong["source"], "id": wrong["id"]}},
    )
    await world.send(wrong, retraction)
    types = [e.headers["ce_type"] for e in await world.published("matter-events", key)]
    assert types == ["matter.closed", "fact.retracted"]


async def test_correction_stays_within_its_matter(world: World) -> None:
    wrong = event("matter.closed", new_key())
    office = event("holder.assigned", new_key(), person="p1", role="direct")
    await world.send(wrong, office)
    for replaced, code in ((wrong, "other-matter"), (office, "other-kind-of-fact")):
        data = {"replaces": {"source": replaced["source"], "id": replaced["id"]}}
        answer = await world.post_event(submission(id=uuid4().hex, type="fact.retracted", subject=new_key(), data=data))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
        assert answer.json()["errors"][0]["pointer"] == "/data/replaces"


async def test_a_fact_of_the_directory_is_corrected_and_taken_back_where_it_is_published(world: World) -> None:
    key = aggregate_key("licheng", uuid4().hex)
    office = event("holder.assigned", key, person="p1", role="direct")
    replaces = {"source": office["source"], "id": office["id"]}
    right = {"occurred_at": "2026-03-02", "zone": "Asia/Shanghai", "person": "p2", "role": "direct"}
    corrected = {"replaces": replaces, "fact": {"type": "holder.assigned", "data": right}}
    await world.send(
        submission(id=uuid4().hex, type="fact.corrected", subject=key, data=corrected),  # it may come first
        office,
        submission(id=uuid4().hex, type="fact.retracted", subject=key, data={"replaces": replaces, "of": "directory"}),
    )
    found = await world.published("directory-events", key)
    assert [e.headers["ce_type"] for e in found] == ["fact.corrected", "holder.assigned", "fact.retracted"]
    assert found[0].data["fact"] == {"type": "holder.assigned", "data": {**right, "origin": "live"}}
    assert not await world.published("matter-events", key)


async def test_a_matters_fact_is_not_corrected_to_one_of_the_directory(world: World) -> None:
    key = new_key()
    closed = event("matter.closed", key)
    await world.send(closed)
    data = {"replaces": {"source": closed["source"], "id": closed["id"]}, "of": "directory"}
    answer = await world.post_event(submission(id=uuid4().hex, type="fact.retracted", subject=key, data=data))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "other-kind-of-fact")


async def test_units_posts_and_leave_go_to_the_directory(world: World) -> None:
    entry = aggregate_key("licheng", uuid4().hex)
    for type_, more in (
        ("unit.placed", {"parent": "bureau", "kind": "section"}),
        ("unit.dissolved", {}),
        ("post.established", {"role": "leading", "unit": "roads"}),
        ("post.abolished", {}),
        ("leave.taken", {"until": "2026-12-01T00:00:00+08:00", "deputy": "p2"}),
        ("leave.ended", {}),
    ):
        await world.send(event(type_, entry, **more))
    types = [e.headers["ce_type"] for e in await world.published("directory-events", entry)]
    assert types == [
        "unit.placed", "unit.dissolved", "post.established", "post.abolished", "leave.taken", "leave.ended",
    ]  # fmt: skip


async def test_offices_go_to_the_directory_and_may_be_announced_ahead(world: World) -> None:
    key = aggregate_key("licheng", "duty officer")
    data = {"occurred_at": "2026-09-01", "zone": "Asia/Shanghai", "person": "p1"}
    await world.send(
        submission(id=uuid4().hex, type="holder.assigned", subject=key, data={**data, "role": "direct"}),
        submission(id=uuid4().hex, type="holder.ended", subject=key, data=data),
    )
    assigned, ended = await world.published("directory-events", key)
    assert (assigned.headers["ce_type"], ended.headers["ce_type"]) == ("holder.assigned", "holder.ended")
    assert (assigned.headers["ce_revision"], ended.headers["ce_revision"]) == ("1", "2")
    assert not await world.published("matter-events", key)


async def test_topics_can_be_built_again_from_the_facts(world: World) -> None:
    rows = await world.fetch(
        "select count(*) as missing from outbox o left join facts f on f.published_id = o.event_id"
        " and f.topic = o.topic and f.subject = o.key and f.published_body = convert_from(o.body, 'UTF8')"
        " where o.topic <> 'rejections' and f.published_id is null"
    )
    assert rows[0]["missing"] == 0
    (counts,) = await world.fetch(
        "select (select count(*) from facts) as facts,"
        " (select count(*) from outbox where topic <> 'rejections') as sent"
    )
    assert counts["facts"] == counts["sent"] > 0
