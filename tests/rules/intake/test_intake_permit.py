"""A publisher writes its own authorities' facts, under its own sources, and takes back only its own."""

from datetime import UTC, datetime

import pytest

from services.intake.rules.facts import Fact
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
    taken = SUBMITTED._replace(replaces=("/fuzhou/hotline", "9"))
    assert wrong(taken, grant()) == [("foreign-source", "/data/replaces/source")]
    assert wrong(taken, grant(sources="/fuzhou/approvals /fuzhou/hotline")) == []


def test_every_reason_is_told_at_once() -> None:
    taken = SUBMITTED._replace(replaces=("/other", "9"))
    assert len(wrong(taken, grant("", ""))) == 3


OFFICE = Grant(frozenset({"fuzhou"}), frozenset({"/fuzhou/approvals"}), publishes=False, confirms=True)


def stating(type_: str, *, corrects: bool = False) -> Submission:
    fact = Fact(type_, datetime(2026, 3, 5, tzinfo=UTC), None, None, None, {})
    if corrects:
        return SUBMITTED._replace(type="fact.corrected", fact=fact, replaces=("/fuzhou/approvals", "9"))
    return SUBMITTED._replace(type=type_, fact=fact)


def test_the_office_confirms_misses_and_states_no_other_fact() -> None:
    assert wrong(stating("miss.confirmed"), OFFICE) == []
    assert wrong(stating("matter.closed"), OFFICE) == [("not-a-publisher", "")]
    assert wrong(stating("matter.closed", corrects=True), OFFICE) == [("not-a-publisher", "")]


def test_a_publisher_confirms_no_miss_by_whatever_way() -> None:
    for given in (grant(), grant("*", "*"), EVERYTHING):
        assert wrong(stating("miss.confirmed"), given) == [("not-entitled", "/type")]
        assert wrong(stating("miss.confirmed", corrects=True), given) == [("not-entitled", "/data/fact/type")]


def test_the_office_stays_within_its_authorities_and_sources_too() -> None:
    elsewhere = stating("miss.confirmed")._replace(authority="xiamen", source="/xiamen/office")
    assert [code for code, _ in wrong(elsewhere, OFFICE)] == ["foreign-authority", "foreign-source"]


def test_the_office_takes_back_what_it_confirmed() -> None:
    taken = SUBMITTED._replace(type="fact.retracted", replaces=("/fuzhou/approvals", "9"))
    assert wrong(taken, OFFICE) == []
    assert wrong(taken._replace(replaces=("/fuzhou/hotline", "9")), OFFICE) != []
