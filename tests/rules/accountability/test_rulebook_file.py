"""The shipped rulebook, and files that must not govern anything."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.accountability.config import SHIPPED
from services.accountability.rulebook import load
from services.accountability.rules.model import Rung


def test_the_shipped_ladder_is_the_domains() -> None:
    book = load(SHIPPED)
    assert book.editions[-1].ladder == (Rung(0, "direct", None), Rung(1, "leading", "1wd"), Rung(2, "principal", "5wd"))
    assert book.stamp(book.editions[-1]) == "default/1"


def test_the_shipped_rules_of_cards_are_the_domains() -> None:
    (cards,) = load(SHIPPED).cards
    assert (cards.name, cards.effective_from.isoformat()) == ("default/cards-1", "1900-01-01")
    assert [(rule.ground, rule.level) for rule in cards.rules] == [
        ("warned", "reminder"), ("warned", "warning"), ("promised-passed", "yellow"), ("statutory-passed", "red"),
        ("overdue", "red"), ("deemed", "red"), ("repeated", "red"),
    ]  # fmt: skip
    assert cards.repeated is not None and cards.repeated.times == 3


def test_the_shipped_slips_are_those_of_directives() -> None:
    (slips,) = load(SHIPPED).cards[0].slips
    assert slips.items == {"directive"}
    assert [(rule.ground, rule.after, rule.level, rule.urgent) for rule in slips.rules] == [
        ("promised-passed", None, "blue", "orange"), ("overdue", "5wd", "orange", "red"),
        ("statutory-passed", None, "red", None), ("overdue", "10wd", "red", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [{"ground": "promised-passed", "level": "yellow"}],
        [{"ground": "promised-passed", "level": "orange", "urgent": "blue"}],
        [{"ground": "promised-passed", "level": "orange"}, {"ground": "overdue", "after": "5wd", "level": "blue"}],
        [{"ground": "promised-passed", "level": "blue"}, {"ground": "warned", "level": "blue"}],
        [{"ground": "repeated", "level": "red"}],
        [{"ground": "overdue", "after": "5wd", "level": "blue"}, {"ground": "overdue", "after": "5wd", "level": "red"}],
    ],
)
def test_faulty_rules_of_slips_govern_nothing(tmp_path: Path, rules: list[dict[str, Any]]) -> None:
    file = tmp_path / "rulebook.yaml"
    slips = [{"items": ["directive"], "source": "somebody's rules", "rules": rules}]
    cards = {"version": "1", "effective_from": "2020-01-01", "source": "s", "rules": [DEEMED], "slips": slips}
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()], "cards": [cards]}))
    with pytest.raises(ValidationError):
        load(file)


def test_an_item_has_its_slips_once_and_a_slip_is_no_card(tmp_path: Path) -> None:
    file = tmp_path / "rulebook.yaml"
    slips = {"items": ["directive"], "source": "s", "rules": [{"ground": "promised-passed", "level": "blue"}]}
    for more in ({"slips": [slips, slips]}, {"rules": [{"ground": "deemed", "level": "blue"}]}):
        cards = {"version": "1", "effective_from": "2020-01-01", "source": "s", "rules": [DEEMED], **more}
        file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()], "cards": [cards]}))
        with pytest.raises(ValidationError):
            load(file)


DEEMED = {"ground": "deemed", "level": "red"}


def test_a_rulebook_may_know_no_cards(tmp_path: Path) -> None:
    file = tmp_path / "rulebook.yaml"
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()]}))
    assert load(file).cards == ()


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [{"ground": "late", "level": "red"}],
        [{"ground": "deemed", "level": "purple"}],
        [{"ground": "deemed", "level": "reminder"}],
        [{"ground": "warned", "level": "yellow"}],
        [{"ground": "warned", "level": "warning", "left": ["soon"]}],
        [{"ground": "deemed", "level": "red", "left": ["1wd"]}],
        [{"ground": "overdue", "level": "red"}],
        [{"ground": "deemed", "level": "red", "after": "5wd"}],
        [{"ground": "repeated", "level": "red"}],
        [{"ground": "repeated", "level": "yellow", "times": 3}],
        [{"ground": "repeated", "level": "red", "times": 1}],
        [{"ground": "deemed", "level": "red"}, {"ground": "deemed", "level": "yellow"}],
    ],
)
def test_faulty_rules_of_cards_govern_nothing(tmp_path: Path, rules: list[dict[str, Any]]) -> None:
    file = tmp_path / "rulebook.yaml"
    cards = [{"version": "1", "effective_from": "2020-01-01", "source": "somebody's rules", "rules": rules}]
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()], "cards": cards}))
    with pytest.raises(ValidationError):
        load(file)


def edition(**changes: Any) -> dict[str, Any]:
    return {
        "version": "1",
        "effective_from": "2020-01-01",
        "source": "somebody's rules",
        "ladder": [{"rung": 0, "role": "direct"}, {"rung": 1, "role": "leading", "after": "1wd"}],
        **changes,
    }


def rung(number: int, role: str, after: str | None = None) -> dict[str, Any]:
    return {"rung": number, "role": role, **({"after": after} if after else {})}


@pytest.mark.parametrize(
    "editions",
    [
        [],
        [edition(), edition(version="2", effective_from="2019-01-01")],
        [edition(), edition(effective_from="2021-01-01")],
        [edition(ladder=[])],
        [edition(ladder=[rung(1, "direct")])],
        [edition(ladder=[rung(0, "direct", "1wd")])],
        [edition(ladder=[rung(0, "direct"), rung(1, "leading")])],
        [edition(ladder=[rung(0, "leading"), rung(1, "direct", "1wd")])],
        [edition(ladder=[rung(0, "direct"), rung(1, "leading", "5wd"), rung(2, "principal", "5wd")])],
        [edition(ladder=[rung(0, "direct"), rung(1, "leading", "5wd"), rung(2, "principal", "9d")])],
        [edition(ladder=[rung(0, "direct"), rung(1, "leading", "soon")])],
        [edition(ladder=[rung(0, "minister")])],
        [edition(grace="3wd")],
        [edition(effective_from="someday")],
    ],
)
def test_a_faulty_rulebook_governs_nothing(tmp_path: Path, editions: list[dict[str, Any]]) -> None:
    file = tmp_path / "rulebook.yaml"
    file.write_text(yaml.safe_dump({"name": "ours", "editions": editions}))
    with pytest.raises(ValidationError):
        load(file)


def test_a_second_edition_joins_the_first(tmp_path: Path) -> None:
    file = tmp_path / "rulebook.yaml"
    shorter = edition(version="2", effective_from="2021-01-01", ladder=[rung(0, "leading")])
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition(), shorter]}))
    book = load(file)
    assert [book.stamp(found) for found in book.editions] == ["ours/1", "ours/2"]


SCORES: dict[str, Any] = {
    "version": "1", "effective_from": "1900-01-01", "source": "s", "begins_at": 100, "most": 100,
    "warnings": {"in_a_row": 3, "points": -3}, "cards": {"yellow": -5, "red": -10},
    "early": {"each_percent": 10, "points": 1},
    "missing": {"of": ["item"], "each_percent": 1, "points": -1, "most": -5},
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"most": 90},
        {"least": 101},
        {"cards": {"yellow": 5, "red": -10}},
        {"cards": {"yellow": -5, "red": -10, "count": "some"}},
        {"early": {"by": "1wd", "each_percent": 10, "points": 1}},
        {"early": {"each_percent": 0, "points": 1}},
        {"missing": {"of": [], "each_percent": 1, "points": -1, "most": -5}},
        {"missing": {"of": ["item", "item"], "each_percent": 1, "points": -1, "most": -5}},
        {"missing": {"of": ["zeal"], "each_percent": 1, "points": -1, "most": -5}},
        {"warnings": {"in_a_row": 0, "points": -3}},
    ],
)
def test_faulty_rules_of_scores_are_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "rulebook.yaml"
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()], "scores": [SCORES]}))
    assert load(file).scores[0].name == "ours/scores-1"
    file.write_text(yaml.safe_dump({"name": "ours", "editions": [edition()], "scores": [SCORES | wrong]}))
    with pytest.raises(ValidationError):
        load(file)
