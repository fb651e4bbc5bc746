"""Webhooks against a real receiver: signed, recorded before they are sent, tried again, never where they may not go."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notification.calling import Caller
from services.notification.rules.webhooks import Answer
from services.notification.sender import Round
from tests.support.notice_world import (
    SECRET,
    Receiver,
    World,
    answered,
    delivered,
    opened,
    receiving,
    warned,
    withdrawn,
)
from tests.support.waiting import until


async def test_an_event_arrives_as_it_was_published_and_signed(world: World) -> None:
    async with receiving() as receiver:
        subscription = await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened(), id="e1", revision=7), delivered(warned("li")))
        assert await world.sender().run_once() == Round(1, 1)
    (request,) = receiver.requests
    assert Webhook(SECRET).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", request.headers)
    assert request.headers["content-type"].startswith("application/cloudevents+json")
    event = orjson.loads(request.body)
    assert (event["specversion"], event["id"], event["type"], event["source"]) == (
        "1.0", "e1", "case.opened", "/duban/cases",
    )  # fmt: skip
    assert (event["subject"], event["revision"], event["causationid"]) == ("licheng/M1", 7, "the-cause")
    assert event["data"] == opened().to_data()
    (delivery,) = await world.deliveries()
    assert (delivery["state"], delivery["attempts"], delivery["body"]) == ("sent", 1, None)
    assert request.headers["webhook-id"] == str(delivery["id"])
    sent = [e for e in await world.published() if e["channel"] == "webhook"]
    assert [(e["type"], e["recipient"], e["attempts"]) for e in sent] == [("notification.sent", subscription, 1)]


async def test_types_nobody_is_told_of_reach_subscribers(world: World) -> None:
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.answered")
        await world.feed(delivered(answered()), delivered(opened()))
        await world.sender().run_once()
    assert [orjson.loads(r.body)["type"] for r in receiver.requests] == ["case.answered"]


async def test_a_failed_call_is_tried_again_under_the_same_id(world: World) -> None:
    async with receiving(500, 302) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        sender = world.sender()
        assert [await sender.run_once() for _ in range(4)] == [Round(1, 0), Round(1, 0), Round(1, 1), Round(0, 0)]
    assert len({r.headers["webhook-id"] for r in receiver.requests}) == 1
    assert await world.attempts() == [(1, "refused", 500), (2, "refused", 302), (3, "sent", 204)]
    assert [e["attempts"] for e in await world.published() if e["channel"] == "webhook"] == [3]


async def test_a_retry_waits_on_the_database_s_clock_and_not_on_business_time(world: World) -> None:
    async with receiving(500) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        sender = world.sender(backoff_s=3600)
        await sender.run_once()
        world.clock.now = datetime.fromisoformat("2040-01-01T00:00:00+00:00")
        assert await sender.run_once() == Round(0, 0)
        (due,) = await world.rows("select next_attempt_at - clock_timestamp() as wait from deliveries")
    assert 1700 < due["wait"].total_seconds() < 3600


async def test_a_delivery_is_given_up_after_its_attempts_and_says_so(world: World) -> None:
    async with receiving(500, 500) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        sender = world.sender(attempts=2)
        assert [await sender.run_once() for _ in range(3)] == [Round(1, 0), Round(1, 1), Round(0, 0)]
    (delivery,) = await world.deliveries()
    assert (delivery["state"], delivery["reason"]) == ("failed", "attempts-exhausted")
    (event,) = [e for e in await world.published() if e["channel"] == "webhook"]
    assert (event["type"], event["attempts"], event["reason"]) == ("notification.failed", 2, "attempts-exhausted")


async def test_a_receiver_that_is_gone_ends_its_subscription_and_all_that_is_pending(world: World) -> None:
    async with receiving(410) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(*(delivered(opened(case_id=f"C{n}"), id=f"e{n}") for n in range(3)))
        await world.rows("update subscriptions set failures = 1 returning id")  # one call only, as after a failure
        assert await world.sender().run_once() == Round(1, 3)
    assert len(receiver.requests) == 1
    assert {d["reason"] for d in await world.deliveries()} == {"subscription-gone"}
    (subscription,) = await world.rows("select state, secret from subscriptions")
    assert subscription == {"state": "disabled", "secret": None}
    await world.feed(delivered(opened(case_id="C9"), id="e9"))
    assert len(await world.deliveries()) == 3


async def test_a_redirect_is_not_followed(world: World) -> None:
    async with receiving() as inner, receiving() as outer:
        outer.answers.append(f"HTTP/1.1 307 so\r\nlocation: {inner.url}\r\ncontent-length: 0\r\n\r\n".encode())
        await world.subscribe(outer.url, "case.*")
        await world.feed(delivered(opened()))
        await world.sender().run_once()
    assert inner.requests == []
    assert await world.attempts() == [(1, "refused", 307)]


async def test_a_receiver_that_does_not_answer_costs_its_time_and_no_more(world: World) -> None:
    async with receiving(None) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        await world.sender(timeout_s=0.2).run_once()
    assert await world.attempts() == [(1, "timeout", None)]


async def test_nothing_listening_is_unreachable(world: World) -> None:
    async with receiving() as receiver:
        url = receiver.url
    await world.subscribe(url, "case.*")
    await world.feed(delivered(opened()))
    await world.sender().run_once()
    assert await world.attempts() == [(1, "unreachable", None)]


async def test_an_endless_answer_is_not_read(world: World) -> None:
    endless = b"HTTP/1.1 200 so\r\ncontent-type: text/plain\r\n\r\n" + b"x" * 1_000_000
    async with receiving(endless) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        assert await world.sender().run_once() == Round(1, 1)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["93.184.216.34", "10.0.0.1"], ["::1"], []])
async def test_a_name_that_leads_to_a_private_address_is_not_called(world: World, addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    async with receiving() as receiver:
        await world.subscribe(f"https://hooks.example:{receiver.port}/hook", "case.*")
        await world.feed(delivered(opened()))
        await world.sender(allow_private=False, resolve=resolve).run_once()
    assert receiver.requests == []
    assert await world.attempts() == [(1, "blocked", None)]


async def test_a_name_is_resolved_once_and_the_call_goes_to_that_address(world: World) -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    async with receiving() as receiver:
        await world.subscribe(f"http://hooks.example:{receiver.port}/hook?a=b", "case.*")
        await world.feed(delivered(opened()))
        await world.sender(resolve=resolve).run_once()
    (request,) = receiver.requests
    assert asked == [("hooks.example", receiver.port)]
    assert (request.headers["host"], request.path) == (f"hooks.example:{receiver.port}", "/hook?a=b")


class Held(Caller):
    """Has called, and keeps the answer to itself until told."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.held = asyncio.Event()

    async def call(self, url: str, secret: str, id: str, at: datetime, body: bytes) -> Answer:
        answer = await super().call(url, secret, id, at, body)
        await self.held.wait()
        return answer


async def test_a_crash_between_call_and_record_shows_as_unknown_and_is_sent_again(world: World) -> None:
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        dying = world.sender(caller=Held(timeout_s=5, allow_private=True), lease_s=0)
        called = asyncio.ensure_future(dying.run_once())
        await until(lambda: len(receiver.requests) == 1)
        called.cancel()
        await asyncio.gather(called, return_exceptions=True)
        assert await world.attempts() == [(1, None, None)], "the attempt is on record before the call"
        assert await world.sender().run_once() == Round(1, 1)
    assert await world.attempts() == [(1, "unknown", None), (2, "sent", 204)]
    assert len({r.headers["webhook-id"] for r in receiver.requests}) == 1


async def test_a_delivery_under_way_is_not_claimed_by_another_sender(world: World) -> None:
    async with receiving(None) as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        first = asyncio.ensure_future(world.sender(timeout_s=0.5).run_once())
        await until(lambda: len(receiver.requests) == 1)
        assert await world.sender().run_once() == Round(0, 0)
        assert await first == Round(1, 0)


async def test_a_late_answer_to_an_attempt_taken_for_lost_still_counts(world: World) -> None:
    """The lease ran out while the receiver was thinking: its success is a success."""
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened()))
        slow = Held(timeout_s=5, allow_private=True)
        first = asyncio.ensure_future(world.sender(caller=slow, lease_s=0).run_once())
        await until(lambda: len(receiver.requests) == 1)
        receiver.answers.append(500)
        assert await world.sender().run_once() == Round(1, 0)
        slow.held.set()
        assert await first == Round(1, 1)
    assert await world.attempts() == [(1, "sent", 204), (2, "refused", 500)]
    assert [d["state"] for d in await world.deliveries()] == ["sent"]


async def test_one_receiver_that_is_down_is_probed_and_does_not_hold_up_others(world: World) -> None:
    async with receiving() as up, receiving(*[500] * 50) as down:
        await world.subscribe(down.url, "case.*")
        await world.feed(*(delivered(opened(case_id=f"C{n}"), id=f"e{n}") for n in range(30)))
        sender = world.sender()
        await sender.run_once()
        assert len(down.requests) == 20
        await world.subscribe(up.url, "case.*")
        await world.feed(*(delivered(withdrawn("li", case_id=f"C{n}"), id=f"x{n}", revision=2) for n in range(5)))
        await sender.run_once()
        assert (len(down.requests), len(up.requests)) == (21, 5)


async def test_the_subscription_that_waited_longest_comes_first_and_nobody_starves(world: World) -> None:
    async with receiving() as receiver:
        ids = [await world.subscribe(receiver.url, "case.*") for _ in range(8)]
        await world.feed(*(delivered(opened(case_id=f"C{n}"), id=f"e{n}") for n in range(30)))
        oldest_first = [*sorted(ids)[4:], *sorted(ids)[:4]]
        for minutes, id in enumerate(reversed(oldest_first), start=1):
            await world.rows(
                f"update deliveries set next_attempt_at = next_attempt_at - interval '{minutes} min'"
                f" where subscription = '{id}' returning id"
            )
        rounds = []
        while (await world.sender().run_once()).called:
            sent = await world.rows("select subscription, count(*) as n from deliveries where attempts > 0 group by 1")
            rounds.append({str(row["subscription"]): row["n"] for row in sent})
    assert rounds[0] == dict.fromkeys(oldest_first[:5], 20), "a round is of 100 deliveries, 20 of each"
    assert set(rounds[2]) == set(ids)
    assert rounds[-1] == dict.fromkeys(ids, 30)


async def test_duplicates_of_an_event_make_one_delivery(world: World) -> None:
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.*", "case.opened")
        await world.feed(delivered(opened(), id="e1"), delivered(opened(), id="e1"))
        await world.feed(delivered(opened(), id="e1"))
        await world.sender().run_once()
        assert len(receiver.requests) == len(await world.deliveries()) == 1


async def test_imported_history_is_not_pushed_and_is_listed(world: World) -> None:
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened(origin="import")))
        assert await world.sender().run_once() == Round(0, 0)
    assert [(d["state"], d["reason"]) for d in await world.deliveries()] == [("suppressed", "imported-history")]


async def test_the_loop_sends_what_is_committed_and_stops_when_asked(world: World) -> None:
    async with receiving() as receiver:
        await world.subscribe(receiver.url, "case.*")
        sender, stopping = world.sender(), asyncio.Event()
        running = asyncio.ensure_future(sender.run(stopping))
        await world.feed(delivered(opened()))
        sender.wake()
        await until(_arrived(receiver))
        stopping.set()
        await running
    assert await world.attempts() == [(1, "sent", 204)]


def _arrived(receiver: Receiver) -> Any:
    return lambda: len(receiver.requests) == 1
