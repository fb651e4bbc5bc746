"""How `duban case` tells a proceeding."""

from typing import Any

from services.cli.proceeding_told import proceeding_lines

LIMIT = {"clock": "defence", "within": "10d", "since": "2026-03-11", "source": "[D] time to answer"}
UNSERVED = dict.fromkeys(
    ("unserved", "served_at", "asked", "asked_at", "answered_at", "answer_served_at", "answer_until", "executed")
)
NOTICED: dict[str, Any] = {
    "state": "notice-and-defence",
    "since": "2026-03-11",
    "investigators": ["chen", "lin"],
    "recused": [],
    "members": [],
    "parties": [
        {"person": "zhang", "role": "direct", "severity": "general", "announced": "admonition", "heard": "not-yet",
         "measure": None, "influence_until": None, **UNSERVED},
        {"person": "li", "role": "leading", "severity": "general", "announced": "admonition", "heard": "waived",
         "measure": "none", "influence_until": None, **UNSERVED},
    ],
    "votes": [],
    "passed": {},
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


def test_a_decision_says_what_it_rests_on() -> None:
    decided = NOTICED | {
        "state": "served", "members": ["wu"], "votes": [{"person": "wu", "outcome": "decision", "dissents": True}],
        "outcome": "decision", "concluded_at": "2026-04-01", "revoked_at": None,
        "revocation_proposed": {"source": "/deadline", "id": "1"}, "overdue": [], "next": [],
    }  # fmt: skip
    assert told(decided)[-3:] == [
        "    wu voted for decision, with a dissent",
        "    decided 2026-04-01",
        "    its cause fell away: revocation is proposed",
    ]


def test_each_party_reads_what_they_asked_and_until_when_they_may() -> None:
    zhang, li = NOTICED["parties"]
    reviewed = NOTICED | {
        "state": "upheld", "overdue": [], "passed": {"review-request:li": "2026-05-09"},
        "parties": [
            zhang | {"heard": "waived", "measure": "admonition", "served_at": "2026-04-02", "asked": "review",
                     "asked_at": "2026-04-20", "answered_at": "2026-05-04", "unserved": "answer",
                     "executed": "admonition"},
            li | {"served_at": "2026-04-08"},
        ],
        "next": [{"step": "service", "by": "office", "party": "zhang", "two_people": False, "limit": None}],
    }  # fmt: skip
    assert told(reviewed)[2:] == [
        "    zhang (direct, general) was told of admonition at most; waived the defence; came of it: admonition; served"
        " 2026-04-02; asked for review 复核 2026-04-20; answered 2026-05-04; the answer is not served yet;"
        " admonition was carried out",
        "    li (leading, general) was told of admonition at most; waived the defence; came of it: none; served"
        " 2026-04-08; review-request barred since 2026-05-09",
        "    service: office for zhang",
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
