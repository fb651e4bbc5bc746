"""How `duban case` tells a proceeding."""

from typing import Any

from services.cli.proceeding_told import proceeding_lines

LIMIT = {"clock": "defence", "within": "10d", "since": "2026-03-11", "source": "[D] time to answer"}
NOTICED: dict[str, Any] = {
    "state": "notice-and-defence",
    "since": "2026-03-11",
    "investigators": ["chen", "lin"],
    "recused": [],
    "members": [],
    "parties": [
        {"person": "zhang", "role": "direct", "severity": "general", "announced": "admonition", "heard": "not-yet",
         "measure": None, "influence_until": None},
        {"person": "li", "role": "leading", "severity": "general", "announced": "admonition", "heard": "waived",
         "measure": "none", "influence_until": None},
    ],
    "votes": [],
    "outcome": None,
    "revocation_proposed": None,
    "overdue": [{"clock": "decision", "since": "2026-09-12"}],
    "proposed": None,
    "next": [{"step": "defence", "by": "party", "two_people": False, "limit": LIMIT}],
}  # fmt: skip


def told(proceeding: dict[str, Any], *history: dict[str, Any]) -> list[str]:
    case = {"proceeding": proceeding, "history": list(history), "standing_since": "2026-03-11T00:00:00+08:00"}
    return list(proceeding_lines(case, str))


def test_a_proceeding_says_who_was_told_what_and_what_is_overdue() -> None:
    assert told(NOTICED) == [
        "  proceeding: notice-and-defence 告知申辩, since 2026-03-11",
        "    investigators: chen, lin",
        "    zhang (direct, general) was told of admonition at most; not heard yet",
        "    li (leading, general) was told of admonition at most; waived the defence; came of it: none",
        "    overdue: decision, since 2026-09-12",
        "    defence: party, within 10d of 2026-03-11 ([D] time to answer)",
    ]


def test_a_decision_says_what_it_rests_on_and_when_it_was_served() -> None:
    decided = NOTICED | {
        "state": "served", "members": ["wu"], "votes": [{"person": "wu", "outcome": "decision", "dissents": True}],
        "outcome": "decision", "concluded_at": "2026-04-01", "served_at": "2026-04-02", "revoked_at": None,
        "revocation_proposed": {"source": "/deadline", "id": "1"}, "overdue": [], "next": [],
    }  # fmt: skip
    assert told(decided)[-3:] == [
        "    wu voted for decision, with a dissent",
        "    decided 2026-04-01, served 2026-04-02",
        "    its cause fell away: revocation is proposed",
    ]


def test_a_lead_that_nobody_takes_up_is_overdue() -> None:
    says = {"clock": "preliminary-review", "late_from": "2026-03-20"}
    late = {"type": "case.overseer_late", "says": says, "occurred_at": "2026-03-19T16:00:00+00:00"}
    former = late | {"occurred_at": "2026-03-10T12:00:00+08:00"}
    lead = {"state": "lead", "next": [{"step": "review", "by": "office", "two_people": False, "limit": None}]}
    assert told(lead, former, late) == [
        "  proceeding: lead 线索",
        "    overdue: preliminary-review, since 2026-03-20",
        "    review: office",
    ]
