"""Overseers, the ladder's steps and rectification as pure rules; and what the rulebook's file must not say of them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from pydantic import ValidationError

from services.accountability.config import SHIPPED
from services.accountability.rulebook import load
from services.accountability.rules import rectification as rules
from services.accountability.rules.overseers import OverseerAddressee, OverseerEdition, Post, addressee
from services.accountability.rules.rectification import Rectification, amount_within, of_clock

NOW = datetime(2026, 3, 21, 2, tzinfo=UTC)
ID = UUID(int=7)
HELD = Rectification(
    ID, "licheng", "M1", None, "live", "Asia/Shanghai", "CN", "default/rectification-1", "licensing", None, "issued", 1,
    "15wd", "chen", NOW,
)  # fmt: skip
EDITION = OverseerEdition(
    "1", date(1900, 1, 1), "5wd",
    (("office", Post("efficiency-office", "principal")), ("supervisor", Post(None, "leading"))),
    (("decision", ("supervisor",)), ("service", ())), ("office", "supervisor"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "held", "told"),
    [
        ("filing", {"efficiency-office": "chen", None: "wu"}, OverseerAddressee("office", "chen", ())),
        ("filing", {None: "wu"}, OverseerAddressee("supervisor", "wu", ("office",))),
        ("filing", {}, OverseerAddressee("supervisor", None, ("office",))),
        ("decision", {"efficiency-office": "chen"}, OverseerAddressee("supervisor", None, ())),
        ("rectification-check:x", {"efficiency-office": "chen"}, OverseerAddressee("office", "chen", ())),
        ("service", {"efficiency-office": "chen"}, None),
    ],
)
def test_the_first_office_whose_post_is_held_is_told(
    clock: str, held: dict[str | None, str], told: OverseerAddressee | None
) -> None:
    assert addressee(EDITION, clock, lambda post, at: held.get(post.unit), NOW) == told


@pytest.mark.parametrize(
    ("amount", "most", "fits"),
    [("3wd", "3wd", True), ("4wd", "3wd", False), ("3d", "3wd", False), ("24h", "24h", True), ("soon", "3wd", False)],
)
def test_amounts_are_compared_within_one_unit(amount: str, most: str, fits: bool) -> None:
    assert amount_within(amount, most) is fits


def test_a_rectification_goes_round_by_round_and_ends_verified() -> None:
    reported = rules.report(HELD, "li", 1, 1)
    assert isinstance(reported, Rectification)
    again = rules.reject(reported, "chen", "5wd", named=False)
    assert isinstance(again, Rectification)
    assert (again.state, again.round, again.part, again.reported_by, again.within) == (
        "issued", 2, f"{ID}.2", None, "5wd",
    )  # fmt: skip
    done = rules.report(again, "li", 1, 1)
    assert isinstance(done, Rectification)
    ended = rules.verify(done, "chen", NOW, named=False)
    assert isinstance(ended, Rectification)
    assert (ended.state, ended.ended_at, ended.revision) == ("verified", NOW, 5)


def test_a_late_miss_of_a_former_round_leaves_the_present_one_alone() -> None:
    second = replace(HELD, round=2)
    assert rules.overdue(second, f"rectification:{ID}", 1, NOW).overdue_at is None
    assert rules.overdue(second, f"rectification:{ID}.2", 1, NOW).overdue_at == NOW
    assert rules.not_overdue(rules.overdue(second, f"rectification:{ID}.2", 1, NOW), f"rectification:{ID}", 2) is None


def test_the_last_word_says_whether_a_rectification_is_overdue() -> None:
    clock = f"rectification:{ID}"
    late = rules.overdue(HELD, clock, 1, NOW)
    again = rules.not_overdue(late, clock, 2)
    assert again is not None and (again.overdue_at, again.revision) == (None, late.revision + 1)
    assert rules.not_overdue(again, clock, 2) is None
    assert rules.overdue(again, clock, 1, NOW).overdue_at is None, "an older word, heard late"
    assert rules.overdue(again, clock, 3, NOW).overdue_at == NOW
    heard_first = rules.not_overdue(HELD, clock, 2)
    assert heard_first is not None and (heard_first.overdue_at, heard_first.revision) == (None, HELD.revision)


@pytest.mark.parametrize(
    ("by", "named", "person", "code"),
    [
        ("li", False, None, "same-person"),
        ("zhang", True, None, "named"),
        ("zhou", False, "zhou", "named"),
        ("chen", False, "zhou", None),
    ],
)
def test_whom_a_case_or_an_order_names_does_not_judge_what_was_done(
    by: str, named: bool, person: str | None, code: str | None
) -> None:
    reported = replace(HELD, state="reported", reported_by="li", person=person)
    judged = (rules.verify(reported, by, NOW, named=named), rules.reject(reported, by, "5wd", named=named))
    assert [each.code if isinstance(each, rules.Refused) else None for each in judged] == [code, code]


def test_whom_a_case_names_orders_nothing_in_it() -> None:
    assert rules.may_order(named=False) is None
    refused = rules.may_order(named=True)
    assert refused is not None and refused.code == "named" and "R28" in refused.why


def test_a_clock_names_its_rectification_whatever_the_round() -> None:
    assert of_clock(f"rectification:{ID}") == of_clock(f"rectification-check:{ID}.3") == ID
    assert of_clock("rung-1") is of_clock("filing") is of_clock("rectification:x") is None


SECTION: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())


@pytest.mark.parametrize(
    ("section", "change", "said"),
    [
        ("overseers", {"to": {"appeal": ["office"]}}, "no duty of overseers"),
        ("overseers", {"otherwise": ["supervisor", "office"]}, "only rise"),
        ("overseers", {"posts": {"office": {}}}, "does not say where the supervisor is"),
        ("overseers", {"take_up": "soon"}, "take_up"),
        ("rectification", {"limit": "61wd"}, "at most"),
        ("rectification", {"zone": "Quanzhou"}, "time zone"),
        ("editions", {"snooze": {"times": 0, "longest": "3wd", "by": ["leading"]}}, "times"),
        ("editions", {"snooze": {"times": 1, "longest": "3wd", "by": ["mayor"]}}, "by"),
    ],
)
def test_a_rulebook_that_is_wrong_is_refused(tmp_path: Path, section: str, change: dict[str, Any], said: str) -> None:
    file = tmp_path / "rulebook.yaml"
    first, *rest = SECTION[section]
    file.write_text(yaml.safe_dump({**SECTION, section: [{**first, **change}, *rest]}, allow_unicode=True))
    with pytest.raises(ValidationError) as refused:
        load(file)
    assert said in str(refused.value)


def test_a_rulebook_without_these_sections_is_one_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "rulebook.yaml"
    bare = {name: said for name, said in SECTION.items() if name not in ("overseers", "rectification")}
    file.write_text(yaml.safe_dump(bare, allow_unicode=True))
    book = load(file)
    assert book.overseer_rules(NOW, "Asia/Shanghai") is None
    assert book.rectification_rules(date(2026, 3, 21)) is None
