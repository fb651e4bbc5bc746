"""HTTP of notification: inboxes, what was told to nobody, subscriptions, deliveries."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx2
import pytest

from services.notification.api import Api, routes
from shared.http import create_api, write_cursor
from tests.support.notice_world import (
    AUTHORITY,
    SECRET,
    World,
    addressee,
    delivered,
    opened,
    receiving,
    warned,
)

HOOK = {"url": "https://hooks.example/duban", "types": ["case.*", "deadline.missed"]}


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("test", live=lambda: None, ready=lambda: None)
    api.include_router(routes(Api(world.pool, world.clock, False, lambda: None)))
    transport = httpx2.ASGITransport(app=api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_an_inbox_holds_both_languages_newest_first(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(warned("li"), id="w1"))
    world.clock.now = world.clock.now.replace(month=4)
    await world.feed(delivered(opened(), id="c1"), delivered(opened(case_id="C2", origin="import"), id="c2"))
    page = (await http.get("/v1/people/li/inbox")).json()
    assert [n["about"]["id"] for n in page["notices"]] == ["c1", "w1"], "the suppressed one is not in it"
    first = page["notices"][0]
    assert (first["kind"], first["matter"], first["case"], first["role"]) == (
        "case.opened", f"{AUTHORITY}/M1", "C1", "direct",
    )  # fmt: skip
    assert first["en"]["subject"].startswith("Responsibility case") and "责任案件" in first["zh"]["subject"]
    assert (await http.get("/v1/people/nobody/inbox")).json() == {"notices": []}


@pytest.mark.parametrize(
    ("query", "header", "languages"),
    [
        ("?lang=en", "zh", {"en"}), ("?lang=zh", "", {"zh"}), ("", "zh-CN,zh;q=0.9,en;q=0.8", {"zh"}),
        ("", "fr, en;q=0.5, zh;q=0.4", {"en"}), ("", "zh;q=0", {"en", "zh"}), ("", "fr", {"en", "zh"}),
        ("", "", {"en", "zh"}), ("", "en;q=², zh;q=1.2.3, ;;,", {"en", "zh"}),
    ],
)  # fmt: skip
async def test_a_language_is_asked_for(
    world: World, http: httpx2.AsyncClient, query: str, header: str, languages: set[str]
) -> None:
    await world.feed(delivered(opened()))
    raw = {b"accept-language": header.encode()}
    answer = await http.get(f"/v1/people/li/inbox{query}", headers=raw)
    assert {"en", "zh"} & set(answer.json()["notices"][0]) == languages
    assert answer.headers["vary"] == "accept-language"


async def test_lists_are_paged_by_cursor_and_tagged(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*(delivered(opened(case_id=f"C{n}"), id=f"e{n}") for n in range(5)))
    seen, cursor = [], ""
    for size in (2, 2, 1):
        page = (await http.get(f"/v1/people/li/inbox?limit=2{cursor}")).json()
        assert len(page["notices"]) == size
        seen += [n["id"] for n in page["notices"]]
        cursor = f"&cursor={page.get('next')}"
    assert "next" not in page and len(set(seen)) == 5
    assert "next" not in (await http.get("/v1/people/li/inbox?limit=5")).json(), "a full page that is the last"
    whole = await http.get("/v1/people/li/inbox")
    again = await http.get("/v1/people/li/inbox", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_person_s_id_may_hold_a_slash(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(opened(addressee("org/li 李"))))
    assert len((await http.get("/v1/people/org%2Fli%20%E6%9D%8E/inbox")).json()["notices"]) == 1


async def test_what_was_told_to_nobody_is_listed(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(
        delivered(warned(), id="nobody"), delivered(warned("li", origin="import"), id="old"),
        delivered(warned("li"), id="told"), delivered(warned("li", matter="M2"), id="other"),
    )  # fmt: skip
    failed = (await http.get("/v1/notices?state=failed")).json()["notices"]
    assert [(n["about"]["id"], n["reason"], n["recipient"]) for n in failed] == [("nobody", "vacant", "vacant")]
    suppressed = (await http.get("/v1/notices?state=suppressed")).json()["notices"]
    assert [(n["about"]["id"], n["reason"]) for n in suppressed] == [("old", "imported-history")]
    of_matter = (await http.get(f"/v1/notices?matter={AUTHORITY}/M1")).json()["notices"]
    assert {n["about"]["id"] for n in of_matter} == {"nobody", "old", "told"}
    assert len((await http.get(f"/v1/notices?matter={AUTHORITY}/M1&state=sent")).json()["notices"]) == 1
    assert (await http.get("/v1/notices")).status_code == 400
    assert (await http.get("/v1/notices?state=sent")).status_code == 400


async def test_a_subscription_shows_its_secret_once(world: World, http: httpx2.AsyncClient) -> None:
    made = await http.post("/v1/subscriptions", json=HOOK)
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    assert made.headers["location"] == f"/v1/subscriptions/{made.json()['id']}"
    (listed,) = (await http.get("/v1/subscriptions")).json()["subscriptions"]
    assert listed == {k: v for k, v in made.json().items() if k != "secret"} | {"created_at": listed["created_at"]}
    assert "secret" not in listed
    own = await http.post("/v1/subscriptions", json={**HOOK, "secret": SECRET})
    assert own.json()["secret"] == SECRET


async def test_a_deleted_subscription_takes_and_sends_nothing_more(world: World, http: httpx2.AsyncClient) -> None:
    id = (await http.post("/v1/subscriptions", json=HOOK)).json()["id"]
    await world.feed(delivered(opened(), id="e1"))
    assert (await http.delete(f"/v1/subscriptions/{id}")).status_code == 204
    assert (await http.delete(f"/v1/subscriptions/{id}")).status_code == 404
    await world.feed(delivered(opened(case_id="C2"), id="e2"))
    (delivery,) = (await http.get("/v1/deliveries")).json()["deliveries"]
    assert (delivery["state"], delivery["reason"], delivery["attempts"]) == ("failed", "subscription-deleted", [])
    assert (await http.get("/v1/subscriptions")).json()["subscriptions"] == []
    assert (await world.published())[-2]["type"] == "notification.failed"


async def test_deliveries_are_listed_with_their_attempts(world: World, http: httpx2.AsyncClient) -> None:
    async with receiving(503) as receiver:
        id = await world.subscribe(receiver.url, "case.*")
        await world.feed(delivered(opened(), id="e1"))
        sender = world.sender()
        await sender.run_once()
        await sender.run_once()
    page = (await http.get(f"/v1/deliveries?state=sent&subscription={id}")).json()
    (delivery,) = page["deliveries"]
    assert (delivery["about"]["id"], delivery["matter"], delivery["kind"]) == ("e1", f"{AUTHORITY}/M1", "case.opened")
    assert [(a["number"], a["outcome"], a["status"]) for a in delivery["attempts"]] == [
        (1, "refused", 503), (2, "sent", 204),
    ]  # fmt: skip
    assert all(a["started_at"] <= a["ended_at"] for a in delivery["attempts"])
    assert (await http.get("/v1/deliveries?state=pending")).json()["deliveries"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "http://hooks.example/"}, "/url"),
        ({"url": "https://127.0.0.1/"}, "/url"),
        ({"url": "https://169.254.169.254/latest"}, "/url"),
        ({"url": "https://user:pass@hooks.example/"}, "/url"),
        ({"url": "https://hooks.example/\n"}, "/url"),
        ({"url": "https://hooks.example/办件"}, "/url"),
        ({"url": None}, "/url"),
        ({"types": []}, "/types"),
        ({"types": ["case.pondered"]}, "/types/0"),
        ({"types": ["case.*", "matter.*"]}, "/types/1"),
        ({"types": ["case.*", "case.pondered"]}, "/types/1"),
        ({"secret": "whsec_c2hvcnQ="}, "/secret"),
        ({"secret": "plain"}, "/secret"),
        ({"secret": "whsec_" + "A" * 33}, "/secret"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_bad_subscription_is_refused_by_field(
    http: httpx2.AsyncClient, change: dict[str, object], pointer: str
) -> None:
    answer = await http.post("/v1/subscriptions", json={**HOOK, **change})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400), (b"", 400), (b'{"url": "https://a.example", "url": "https://b.example"}', 400),
        (b'{"types": NaN}', 400), (b"\xff\xfe", 400), (b"[]", 422), (b"null", 422), (b" " * 70_000, 413),
        (b"[" * 60_000, 400), (b'{"url": "\\ud800"}', 400),
    ],
)  # fmt: skip
async def test_a_bad_body_is_a_problem_and_never_a_fault(http: httpx2.AsyncClient, body: bytes, status: int) -> None:
    assert (await http.post("/v1/subscriptions", content=body)).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/people/li/inbox?cursor=nonsense", 400),
        ("/v1/people/li/inbox?cursor=WyJhIiwiYiJd", 400),
        ("/v1/people/li/inbox?cursor=WyIyMDI2LTAxLTAxIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0", 400),
        ("/v1/people/li/inbox?limit=0", 422),
        ("/v1/people/li/inbox?lang=fr", 422),
        ("/v1/people/%00/inbox", 422),
        ("/v1/people/%1B/inbox", 422),
        ("/v1/notices?matter=%00", 422),
        ("/v1/deliveries?state=lost", 422),
        ("/v1/deliveries?subscription=1", 422),
        ("/v1/nowhere", 404),
    ],
)
async def test_a_bad_request_is_a_problem_and_never_a_fault(http: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


LISTS = ("/v1/people/li/inbox", "/v1/notices?state=failed", "/v1/subscriptions", "/v1/deliveries")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-11", "\0"])
async def test_a_crafted_cursor_is_no_cursor_of_ours(http: httpx2.AsyncClient, path: str, at: str) -> None:
    cursor = write_cursor(at, str(UUID(int=3)))
    answer = await http.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:duban:problem:bad-cursor")


@pytest.mark.parametrize("junk", ["%00", "a%00b", "%FF", "%ED%A0%80", "x" * 30_000, "9" * 5000], ids=range(6))
@pytest.mark.parametrize(
    "path",
    [
        "/v1/people/{}/inbox", "/v1/people/li/inbox?lang={}", "/v1/people/li/inbox?limit={}", "/v1/notices?matter={}",
        "/v1/notices?state={}", "/v1/deliveries?state={}", "/v1/deliveries?subscription={}", "/v1/deliveries?limit={}",
        "/v1/subscriptions?limit={}", *(f"{path}{'&' if '?' in path else '?'}cursor={{}}" for path in LISTS),
    ],
)  # fmt: skip
async def test_junk_in_any_parameter_is_never_a_fault(http: httpx2.AsyncClient, path: str, junk: str) -> None:
    answer = await http.get(path.format(junk))
    assert answer.status_code < 500
    if "%00" in junk or len(junk) > 2000:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("junk", ["%00", "%FF", "x" * 30_000], ids=range(3))
async def test_junk_ends_no_subscription(http: httpx2.AsyncClient, junk: str) -> None:
    answer = await http.delete(f"/v1/subscriptions/{junk}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_person_called_vacant_has_no_inbox_of_failures(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(warned()))
    assert (await http.get("/v1/people/vacant/inbox")).json()["notices"] == []
