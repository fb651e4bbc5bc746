"""Who may send is asked of each event, by HTTP and by Kafka; what may not enter is rejected alone, with a reason."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.permission import Admission
from shared.clock import wall
from shared.events.envelope import STRUCTURED
from shared.identity.keys import Keys, KeysUnavailable
from shared.inbox import TOKEN, Message
from tests.support.identity import HOUR, Issuer, ec_key, verifier_over
from tests.support.intake_submissions import BATCH, event, new_key, registration
from tests.support.intake_world import World, intake_world

OWN: dict[str, Any] = {"authorities": ["licheng"], "sources": ["/quanzhou/licheng"]}
KIND = ("content-type", STRUCTURED.encode())


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
async def guarded(postgres_dsn: str, issuer: Issuer) -> AsyncIterator[World]:
    """An intake that asks everybody who they are."""
    async with intake_world(postgres_dsn, Admission(issuer.verifier(), required=True)) as opened:
        yield opened


def message(world: World, content: dict[str, Any], token: str | None, at: float | None = None) -> Message:
    headers = (KIND,) if token is None else (KIND, (TOKEN, token.encode()))
    sent = world.message(orjson.dumps(content), headers)
    return Message(sent.topic, sent.partition, sent.offset, sent.key, sent.value, sent.headers, at)


async def codes(world: World, content: dict[str, Any]) -> list[str]:
    """Why an event was rejected, as the topic tells it."""
    told = [said.data for said in await world.published("rejections")]
    return [r["code"] for said in told if said.get("event", {}).get("id") == content["id"] for r in said["reasons"]]


async def entered(world: World, *contents: dict[str, Any]) -> list[bool]:
    known = {row["event_id"] for row in await world.fetch("select event_id from facts")}
    return [content["id"] in known for content in contents]


# By HTTP


async def test_of_a_batch_what_is_another_s_is_rejected_and_the_rest_enters(guarded: World, issuer: Issuer) -> None:
    own, foreign = registration(new_key()), registration(new_key("xiamen"))
    stranger = registration(new_key()) | {"source": "/quanzhou/hotline"}
    content = orjson.dumps([own, foreign, stranger])
    answer = await guarded.post(content, BATCH, **issuer.bearer("publisher", **OWN))
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["accepted", "rejected", "rejected"]
    told = [[(p["code"], p["pointer"]) for p in result["problems"]] for result in results]
    assert told == [[], [("foreign-authority", "/subject")], [("foreign-source", "/source")]]
    assert await entered(guarded, own, foreign, stranger) == [True, False, False]
    assert await codes(guarded, foreign) == ["foreign-authority"]


async def test_one_event_that_is_another_s_is_forbidden(guarded: World, issuer: Issuer) -> None:
    answer = await guarded.post_event(registration(new_key("xiamen")), **issuer.bearer("publisher", **OWN))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.headers["www-authenticate"] == 'Bearer realm="duban", error="insufficient_scope"'
    assert answer.json()["type"] == "urn:duban:problem:foreign-authority"


async def test_who_may_not_send_is_not_told_what_is_known(guarded: World, issuer: Issuer) -> None:
    """Else a stranger could find out by sending it again whether somebody published that very event."""
    known = registration(new_key())
    await guarded.post_event(known, **issuer.bearer("publisher", **OWN))
    stranger = issuer.bearer("publisher", authorities=["xiamen"], sources=["/xiamen"])
    again, unknown = [
        await guarded.post_event(one, **stranger) for one in (known, registration(new_key(), known["id"] + "x"))
    ]
    assert again.status_code == unknown.status_code == 403
    assert again.json()["errors"] == unknown.json()["errors"]


async def test_a_publisher_takes_back_only_what_it_published(guarded: World, issuer: Issuer) -> None:
    key = new_key()
    fact = registration(key) | {"source": "/quanzhou/hotline"}
    both = OWN | {"sources": [*OWN["sources"], "/quanzhou/hotline"]}
    assert (await guarded.post_event(fact, **issuer.bearer("publisher", **both))).status_code == 202
    taken_back = event("fact.retracted", key, occurred_at=None, replaces={"source": fact["source"], "id": fact["id"]})
    refused = await guarded.post_event(taken_back, **issuer.bearer("publisher", **OWN))
    assert [(e["code"], e["pointer"]) for e in refused.json()["errors"]] == [
        ("foreign-source", "/data/replaces/source")
    ]
    assert (await guarded.post_event(taken_back, **issuer.bearer("publisher", **both))).status_code == 202


async def test_each_publisher_has_idempotency_keys_of_its_own(guarded: World, issuer: Issuer) -> None:
    mine, other = registration(new_key()), registration(new_key())
    for person, content in (("system-1", mine), ("system-2", other), ("system-1", mine)):
        bearer = issuer.bearer("publisher", person=person, **OWN)
        answer = await guarded.post_event(content, idempotency_key="k" * 200, **bearer)
        assert (answer.status_code, answer.json()["id"]) == (202, content["id"])
    reused = await guarded.post_event(other, idempotency_key="k" * 200, **issuer.bearer("publisher", person="system-1"))
    assert reused.json()["type"] == "urn:duban:problem:idempotency-key-reused"


async def test_a_reader_sees_the_matters_of_its_authorities(guarded: World, issuer: Issuer) -> None:
    key, other = new_key(), new_key("xiamen")
    everything = issuer.bearer("publisher", authorities=["*"], sources=["*"])
    for content in (registration(key), registration(other)):
        assert (await guarded.post_event(content, **everything)).status_code == 202
    for role, at, status in (("clerk", key, 200), ("clerk", other, 404), ("supervisor", other, 200)):
        found = await guarded.http.get(f"/v1/matters/{at}", headers=issuer.bearer(role, authorities=["licheng"]))
        assert found.status_code == status, (role, at)


# By Kafka


async def test_messages_of_several_publishers_in_one_batch_are_judged_each_by_its_own_token(
    guarded: World, issuer: Issuer
) -> None:
    own, foreign, bare, clerk_s, expired, broken = (registration(new_key()) for _ in range(6))
    xiamen = registration(new_key("xiamen")) | {"source": "/xiamen"}
    token = issuer.token("publisher", **OWN)
    await guarded.kafka(
        message(guarded, own, token),
        message(guarded, foreign | {"subject": new_key("xiamen")}, token),
        message(guarded, xiamen, issuer.token("publisher", authorities=["xiamen"], sources=["/xiamen"])),
        message(guarded, bare, None),
        message(guarded, clerk_s, issuer.token("clerk", **OWN)),
        message(guarded, expired, issuer.token("publisher", exp=1, **OWN)),
        message(guarded, broken, "not a token"),
    )
    assert await entered(guarded, own, xiamen) == [True, True]
    found = [await codes(guarded, one) for one in (own, foreign, xiamen, bare, clerk_s, expired, broken)]
    assert found == [
        [], ["foreign-authority"], [], ["token-required"], ["not-a-publisher"], ["token-expired"], ["token-malformed"],
    ]  # fmt: skip


async def test_a_token_counts_when_the_broker_took_the_message_however_long_we_were_down(
    guarded: World, issuer: Issuer
) -> None:
    sent, forged, now = registration(new_key()), registration(new_key()), wall().timestamp()
    token = issuer.token("publisher", exp=int(now) - HOUR, **OWN)
    await guarded.kafka(
        message(guarded, sent, token, at=now - 2 * HOUR), message(guarded, forged, token, at=now - HOUR / 2)
    )
    assert await entered(guarded, sent, forged) == [True, False]
    assert await codes(guarded, forged) == ["token-expired"]


async def test_a_token_is_never_kept(guarded: World, issuer: Issuer) -> None:
    refused, token = registration(new_key("xiamen")), issuer.token("publisher", **OWN)
    twice = Message("submissions", 0, 10_000, None, b"{}", (KIND, ("Duban-Token", token.encode()), (TOKEN, b"x")))
    await guarded.kafka(message(guarded, refused, token), twice)
    rows = await guarded.fetch("select r::text as kept from rejections r union all select o::text from outbox o")
    assert len(rows) >= 4
    assert not any(part in row["kept"] for row in rows for part in token.split("."))
    kept = await guarded.fetch("select headers::text as kept from rejections where headers is not null")
    assert kept and not any(TOKEN in row["kept"].lower() for row in kept)


async def test_a_provider_that_is_down_makes_messages_wait_and_refuses_none(postgres_dsn: str, issuer: Issuer) -> None:
    verifier = verifier_over(Keys("http://127.0.0.1:1/jwks", refresh_s=300, refetch_s=0.1))
    async with intake_world(postgres_dsn, Admission(verifier, required=True)) as world:
        content = registration(new_key())
        with pytest.raises(KeysUnavailable):
            await world.kafka(message(world, content, issuer.token("publisher", **OWN)))
        assert await world.published("rejections") == []


async def test_a_key_that_came_after_the_keys_were_read_is_waited_for(postgres_dsn: str, tmp_path: Path) -> None:
    """Rotated a moment ago, and the provider may not be asked again yet: that is no reason to refuse."""
    issuer = Issuer(tmp_path, ec_key("old"))
    admission = Admission(issuer.verifier(refetch_s=HOUR), required=True)
    async with intake_world(postgres_dsn, admission) as world:
        await world.kafka(message(world, registration(new_key()), issuer.token("publisher", **OWN)))
        read_at = wall().timestamp()
        fresh = issuer.token("publisher", key=ec_key("new"), **OWN)
        with pytest.raises(KeysUnavailable):
            await admission.of_messages(
                [message(world, {}, fresh, at=read_at), message(world, {}, fresh, at=read_at + 1)]
            )


async def test_where_tokens_are_not_required_one_that_comes_is_checked_all_the_same(
    postgres_dsn: str, issuer: Issuer
) -> None:
    async with intake_world(postgres_dsn, Admission(issuer.verifier())) as world:
        bare, wrong = registration(new_key()), registration(new_key("xiamen"))
        await world.kafka(message(world, bare, None), message(world, wrong, issuer.token("publisher", **OWN)))
        assert await entered(world, bare, wrong) == [True, False]
