"""How `duban cards` tells cards and slips."""

from typing import Any

from services.cli.cards import cards_text


def card(**more: Any) -> dict[str, Any]:
    return {
        "authority": "quanzhou", "matter": "D-1", "clock": "recorded", "subject": "", "rule": "slip", "level": "orange",
        "state": "standing", "grounds": ["promised-passed"], "person": "p-1", "unit": "planning", "urgent": True,
        "due": "2026-03-31", "issued_at": "2026-04-01T00:00:01+08:00", "revoked_at": None, "revoked_because": None,
        **more,
    }  # fmt: skip


def test_a_slip_and_a_card_of_one_level_are_told_apart() -> None:
    told = cards_text([card(), card(level="red", rule="limit", urgent=False, person=None)]).splitlines()
    about = "quanzhou/D-1 recorded, due 2026-03-31; p-1; promised-passed"
    assert told[0] == f"2026-04-01T00:00:01+08:00  orange slip 橙单, urgent  {about}"
    assert "  red card 红牌  " in told[1] and "; unit planning; " in told[1]


def test_one_that_was_revoked_says_when_and_why() -> None:
    told = cards_text([card(state="revoked", revoked_at="2026-04-02T00:00:00+08:00", revoked_because="met")])
    assert told.endswith("; revoked 2026-04-02T00:00:00+08:00: met")
    assert cards_text([]) == "no cards"
