"""The rulebook's section of proceedings: what is shipped is the domain's, and what is faulty governs nothing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.accountability.config import SHIPPED
from services.accountability.rulebook import load
from services.accountability.rules.measures import recommend
from services.accountability.rules.process_clocks import COURSES, OFFICE_CLOCKS, PARTY_CLOCKS, months_after
from services.accountability.rules.process_edition import in_force

Faulty = Callable[[dict[str, Any]], Any]


def shipped() -> dict[str, Any]:
    """The shipped file as text."""
    found: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
    return found


def test_the_shipped_limits_are_those_of_the_law() -> None:
    (edition,) = load(SHIPPED).proceedings
    stated = {limit.clock: limit.amount for limit in edition.limits if limit.source.startswith("[L]")}
    assert stated == {
        "decision": "6m", "review-request": "30d", "review-answer": "30d", "appeal": "15d", "appeal-decision": "60d",
    }  # fmt: skip
    assert (edition.decision_most, edition.appeal_most) == ("12m", "90d")
    assert [ground.code for ground in edition.exemptions] == [
        "applicant-fraud", "no-rule", "force-majeure", "self-corrected", "good-faith-reform",
    ]  # fmt: skip


def test_every_clock_that_a_step_starts_is_somebodys_duty_or_right() -> None:
    assert {course.clock for course in COURSES} == PARTY_CLOCKS | OFFICE_CLOCKS


def test_a_second_time_within_a_year_is_recommended_more_and_a_formal_sanction_never() -> None:
    (edition,) = load(SHIPPED).proceedings
    found = [recommend(edition.recommend, "general", "direct", earlier) for earlier in range(5)]
    assert [one and one.measure for one in found] == ["admonition", "efficiency-warning", *["transfer"] * 3]
    serious = recommend(edition.recommend, "serious", "direct", 0)
    assert serious is not None
    assert (serious.measure, serious.rule) == ("referral", "R26 serious, direct")


def test_a_month_ends_on_the_corresponding_day_or_the_months_last() -> None:
    assert months_after(date(2026, 8, 31), "6m") == date(2027, 2, 28)
    assert months_after(date(2026, 3, 4), "12m") == date(2027, 3, 4)
    assert months_after(date(2026, 3, 4), "30d") == date(2026, 4, 3)


def test_a_case_keeps_the_edition_of_the_day_on_which_it_was_taken_up(tmp_path: Path) -> None:
    text = shipped()
    text["proceedings"] += [{**text["proceedings"][0], "version": "2", "effective_from": date(2026, 7, 1), "quorum": 5}]
    file = tmp_path / "rulebook.yaml"
    file.write_text(yaml.safe_dump(text, allow_unicode=True))
    editions = load(file).proceedings
    quorums = [(found := in_force(editions, day)) and found.quorum for day in (date(2026, 6, 30), date(2026, 7, 1))]
    assert quorums == [3, 5]


FAULTS: dict[str, Faulty] = {
    "a limit that no step has": lambda p: p["limits"].update(lunch={"after": "1d", "source": "nobody"}),
    "no limit for the decision": lambda p: p["limits"].pop("decision"),
    "no limit for the defence": lambda p: p["limits"].pop("defence"),
    "a decision in working days": lambda p: p["limits"]["decision"].update(after="120wd"),
    "a decision in seven months": lambda p: p["limits"]["decision"].update(after="7m"),
    "an extension beyond a year": lambda p: p.update(decision_most="13m"),
    "an appeal decided in four months": lambda p: p.update(appeal_most="120d"),
    "no limit for the answer to a review": lambda p: p["limits"].pop("review-answer"),
    "an answer to a review in two months": lambda p: p["limits"]["review-answer"].update(after="2m"),
    "a review asked within a week": lambda p: p["limits"]["review-request"].update(after="7d"),
    "an appeal within ten days": lambda p: p["limits"]["appeal"].update(after="10d"),
    "a limit without its source": lambda p: p["limits"]["decision"].pop("source"),
    "a quorum of one": lambda p: p.update(quorum=1),
    "an unknown step for two": lambda p: p["two_people"].append("lunch"),
    "a measure twice": lambda p: p["measures"].append(p["measures"][0]),
    "a measure that is there already": lambda p: p["measures"][0].update(code="referral"),
    "an unknown measure recommended": lambda p: p["recommend"][0].update(measure="demotion"),
    "two recommendations for one": lambda p: p["recommend"].append(p["recommend"][0]),
    "a ground twice": lambda p: p["exemptions"].append(p["exemptions"][0]),
    "no measures": lambda p: p.update(measures=[]),
    "another field": lambda p: p.update(skip_notice=True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_section_governs_nothing(tmp_path: Path, fault: str) -> None:
    text = shipped()
    FAULTS[fault](text["proceedings"][0])
    file = tmp_path / "rulebook.yaml"
    file.write_text(yaml.safe_dump(text, allow_unicode=True))
    with pytest.raises(ValidationError):
        load(file)
