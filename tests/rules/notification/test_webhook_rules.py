"""Webhooks: what a subscription takes, what follows from an answer, which addresses may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.rules.webhooks import (
    EXHAUSTED,
    GONE,
    Answer,
    Outcome,
    Policy,
    delay,
    is_public,
    judge,
    takes,
    wrong_with_url,
)

POLICY = Policy(attempts=3, base_s=5, cap_s=60)


@pytest.mark.parametrize(
    ("patterns", "type_", "taken"),
    [
        (("case.*",), "case.opened", True),
        (("case.opened",), "case.opened", True),
        (("case.opened",), "case.withdrawn", False),
        (("case.*",), "deadline.met", False),
        (("deadline.met", "case.*"), "case.revised", True),
        ((), "case.opened", False),
    ],
)
def test_a_subscription_takes_types_and_kinds_of_types(patterns: tuple[str, ...], type_: str, taken: bool) -> None:
    assert takes(patterns, type_) is taken


def test_a_delivery_that_arrived_is_sent() -> None:
    assert judge(Answer("sent", 204), 1, POLICY, 0.5).state == "sent"


@pytest.mark.parametrize("outcome", ["refused", "timeout", "unreachable", "blocked"])
def test_a_delivery_that_did_not_arrive_is_tried_again_until_its_attempts_are_used_up(outcome: Outcome) -> None:
    answer = Answer(outcome)
    assert [judge(answer, n, POLICY, 0.99).state for n in (1, 2, 3)] == ["pending", "pending", "failed"]
    assert judge(answer, 3, POLICY, 0.99).reason == EXHAUSTED


def test_a_receiver_that_is_gone_ends_the_delivery_at_once() -> None:
    verdict = judge(Answer("gone", 410), 1, POLICY, 0.5)
    assert (verdict.state, verdict.reason) == ("failed", GONE)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_grows_to_its_cap_and_is_never_less_than_half_of_what_it_says(failures: int, jitter: float) -> None:
    whole = min(60, 5 * 2 ** min(failures - 1, 20))
    assert whole / 2 <= delay(failures, POLICY, jitter) <= whole


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104 - refused
    "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_not_called(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_a_public_address_is_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "ftp://hooks.example", "https://", "https://user@hooks.example/", "https:///x",
        "https://user:pass@hooks.example/", "https://hooks.example/#part", "https://127.0.0.1/x", "https://[::1]/x",
        "https://hooks.example:0/", "https://hooks.example:99999/", "https://[::1/", "javascript:alert(1)", "hooks",
        "https://169.254.169.254/latest/meta-data",
    ],
)  # fmt: skip
def test_a_url_that_a_webhook_may_not_have_is_refused(url: str) -> None:
    assert wrong_with_url(url, allow_private=False) is not None


def test_a_url_of_a_named_host_is_taken_and_judged_when_it_is_resolved() -> None:
    assert wrong_with_url("https://hooks.example:8443/duban?tenant=1", allow_private=False) is None
    assert wrong_with_url("http://127.0.0.1:8080/hook", allow_private=True) is None
    assert wrong_with_url("file:///etc/passwd", allow_private=True) is not None
