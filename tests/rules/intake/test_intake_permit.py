"""A publisher writes its own authorities' facts, under its own sources, and takes back only its own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.intake.rules.judge import Submission
from services.intake.rules.permit import EVERYTHING, Grant, trespasses

SUBMITTED = Submission(
    source="/fuzhou/approvals", id="1", type="matter.closed", version=1, authority="fuzhou", name="M1",
    subject="fuzhou/M1", issued_at=datetime(2026, 3, 5, tzinfo=UTC), data={}, fact=None, replaces=None,
    canonical="", digest=b"",
)  # fmt: skip


def grant(authorities: str = "fuzhou", sources: str = "/fuzhou/approvals") -> Grant:
    return Grant(frozenset(authorities.split()), frozenset(sources.split()))


def wrong(submission: Submission, given: Grant) -> list[tuple[str, str]]:
    return [(reason.code, reason.pointer) for reason in trespasses(submission, given)]


@pytest.mark.parametrize(
    "given", [grant(), grant("xiamen fuzhou"), grant("*", "*"), grant(sources="/fuzhou"), EVERYTHING]
)
def test_its_own_enters(given: Grant) -> None:
    assert wrong(SUBMITTED, given) == []


@pytest.mark.parametrize("authorities", ["xiamen", "", "fuzhou.gov", "Fuzhou", "fuzho"])
def test_another_authority_s_matter_does_not(authorities: str) -> None:
    assert wrong(SUBMITTED, grant(authorities)) == [("foreign-authority", "/subject")]


@pytest.mark.parametrize("sources", ["/fuzhou/approval", "/fuzhou/approvals/", "/fuzhou/approvals/x", "", "approvals"])
def test_nor_does_another_s_source_though_it_begin_alike(sources: str) -> None:
    assert wrong(SUBMITTED, grant(sources=sources)) == [("foreign-source", "/source")]


def test_nor_a_correction_of_what_another_published() -> None:
    taken = replace(SUBMITTED, replaces=("/fuzhou/hotline", "9"))
    assert wrong(taken, grant()) == [("foreign-source", "/data/replaces/source")]
    assert wrong(taken, grant(sources="/fuzhou/approvals /fuzhou/hotline")) == []


def test_every_reason_is_told_at_once() -> None:
    taken = replace(SUBMITTED, replaces=("/other", "9"))
    assert len(wrong(taken, grant("", ""))) == 3
