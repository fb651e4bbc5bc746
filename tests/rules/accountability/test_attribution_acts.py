"""R25 as a lawyer reads it: who is direct for what was decided, who leads, and who is not liable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.attribution import attribute
from services.accountability.rules.attribution_acts import answerable
from services.accountability.rules.circumstances import Act, Circumstances, Hand, Stance
from services.accountability.rules.directory import Directory, PostHolding, PostKey
from services.accountability.rules.ladder import addressee
from services.accountability.rules.model import Held, Proposal, Ref, Role, Rung

BEGAN = datetime(2026, 3, 2, 1, tzinfo=UTC)
DUE_ENDS = datetime(2026, 3, 10, 16, tzinfo=UTC)  # 24:00 in Shanghai
LEADERS: tuple[tuple[Role, str], ...] = (("leading", "li"), ("principal", "wang"))
DIRECTORY = Directory(
    PostHolding(PostKey("licheng", role), person, role, "licensing", BEGAN, None, BEGAN, BEGAN)
    for role, person in LEADERS
)


def opinion(role: str, person: str, stance: Stance, day: int, overrides: str = "", bypasses: str | None = None) -> Act:
    return _act(
        "opinion", f"{person}-{day}", stance, day, person=person, role=role, bypasses=bypasses,
        overrides=Ref("/a", overrides) if overrides else None,
    )  # fmt: skip


def ordered(person: str, stance: Stance, day: int) -> Act:
    return _act("order", f"{person}-{day}", stance, day, person=person)


def decided(stance: Stance, day: int, *members: str, dissented: tuple[str, ...] = ()) -> Act:
    return _act("decision", f"session-{day}", stance, day, members=members, dissented=dissented)


def _act(kind: str, id: str, stance: Stance, day: int, **more: Any) -> Act:
    at = BEGAN + timedelta(days=day)
    fields: dict[str, Any] = {"kind": kind, "at": at, "stance": stance, "fact": Ref("/a", id), "event": f"event-{id}"}
    return Act(**fields, known_since=at + timedelta(hours=1), **more)


def named(*acts: Act, hands: tuple[Hand, ...] = ()) -> Proposal:
    held = Held(BEGAN, None, "licensing", "chen")
    circumstances = Circumstances(hands=hands, acts=acts)
    return attribute("licheng", "licensing", held, DUE_ENDS, "2026-03-10", "Asia/Shanghai", DIRECTORY, circumstances)


def persons(proposal: Proposal) -> list[str | None]:
    return [responsible.person for responsible in proposal]


def test_for_the_handlers_own_fault_the_handler_is_direct_and_the_reviewer_leads() -> None:
    found = named(opinion("reviewer", "sun", "grant", 2))
    assert persons(found) == ["chen", "sun", "wang"]
    assert [r.rule for r in found] == ["R25", "R25/review", "R25"]


def test_where_nobody_reviewed_the_matter_the_units_leader_leads() -> None:
    assert persons(named(opinion("handler", "chen", "grant", 2))) == ["chen", "li", "wang"]


def test_a_reviewer_who_overrode_a_correct_opinion_is_direct() -> None:
    found = named(opinion("handler", "chen", "grant", 1), opinion("reviewer", "sun", "hold", 2, "chen-1"))
    assert persons(found) == ["sun", "li", "wang"]
    direct = found[0]
    assert direct.rule == "R25/reviewer"
    assert direct.facts == ("event-chen-1", "event-sun-2")
    assert direct.known_since == BEGAN + timedelta(days=2, hours=1)
    assert "over the handler's opinion of 2026-03-03T09:00:00+08:00 to grant it" in direct.because


@pytest.mark.parametrize(
    "acts",
    [
        (opinion("handler", "chen", "hold", 1), opinion("reviewer", "sun", "hold", 2, "chen-1")),  # it was not correct
        (opinion("reviewer", "sun", "hold", 2, "nobody-1"),),  # of no opinion that is known
        (opinion("reviewer", "sun", "hold", 2),),  # it sets nothing aside
        (opinion("handler", "chen", "grant", 3), opinion("reviewer", "sun", "hold", 2, "chen-3")),  # it came later
        (opinion("handler", "chen", "grant", 1), opinion("reviewer", "sun", "hold", 20, "chen-1")),  # after the due
        (
            opinion("handler", "chen", "grant", 1), opinion("reviewer", "sun", "hold", 2, "chen-1"),
            opinion("reviewer", "sun", "grant", 3),
        ),  # the reviewer thought better of it
    ],
)  # fmt: skip
def test_a_reviewer_who_did_not_override_a_correct_opinion_in_time_is_not_direct(acts: tuple[Act, ...]) -> None:
    assert named(*acts)[0].person == "chen"


def test_an_approver_who_overrode_a_correct_opinion_is_direct() -> None:
    found = named(opinion("reviewer", "sun", "refuse", 2), opinion("approver", "wu", "hold", 3, "sun-2"))
    assert persons(found) == ["wu", "li", "wang"]
    assert found[0].rule == "R25/approver"


def test_an_approver_who_bypassed_the_reviewer_is_direct() -> None:
    found = named(opinion("handler", "chen", "grant", 1), opinion("approver", "wu", "hold", 2, bypasses="reviewer"))
    assert found[0].person == "wu"
    assert "without asking the reviewer" in found[0].because


def test_an_approver_who_only_agreed_with_the_reviewer_leaves_the_reviewer_direct() -> None:
    found = named(
        opinion("handler", "chen", "grant", 1), opinion("reviewer", "sun", "hold", 2, "chen-1"),
        opinion("approver", "wu", "hold", 3),
    )  # fmt: skip
    assert found[0].person == "sun"


def test_whoever_gave_the_order_is_direct_and_whoever_obeyed_is_not() -> None:
    found = named(opinion("handler", "chen", "grant", 1), ordered("zhao", "hold", 2))
    assert (found[0].person, found[0].rule) == ("zhao", "R25/order")


def test_an_order_that_was_taken_back_in_time_leaves_the_handler_direct() -> None:
    assert named(ordered("zhao", "hold", 2), ordered("zhao", "grant", 3))[0].person == "chen"


def test_a_reviewer_cannot_lift_what_a_superior_ordered() -> None:
    assert named(ordered("zhao", "hold", 2), opinion("reviewer", "sun", "grant", 3))[0].person == "zhao"


def test_all_who_voted_to_hold_are_direct_and_those_who_dissented_are_not() -> None:
    found = named(decided("hold", 2, "wu", "sun", dissented=("chen",)))
    assert [(r.role, r.person) for r in found] == [
        ("direct", "sun"), ("leading", "li"), ("principal", "wang"), ("direct", "wu"),
    ]  # fmt: skip
    assert "against chen" in found[0].because


def test_a_leader_who_dissented_is_not_liable_and_the_record_says_so() -> None:
    leading = named(decided("hold", 2, "wu", dissented=("li",)))[1]
    assert (leading.person, leading.rule) == (None, "R25/dissent")
    assert leading.because.startswith("not liable: li")


def test_the_ladder_begins_with_the_first_who_is_direct() -> None:
    ladder = (Rung(0, "direct", None), Rung(1, "leading", "1wd"))
    assert addressee(ladder, 0, named(decided("hold", 2, "wu", "sun"))).person == "sun"


def test_the_last_holder_is_named_with_the_share_of_time_that_was_theirs() -> None:
    hands = (
        Hand(BEGAN, DUE_ENDS - timedelta(days=1), "licensing", "qian", 1950),
        Hand(DUE_ENDS - timedelta(days=1), None, "licensing", "chen", 390),
    )
    direct = named(hands=hands)[0]
    assert direct.person == "chen"
    assert "of the time that counted 17 % passed in these hands" in direct.because


ACTS = st.lists(
    st.builds(opinion, st.sampled_from(("handler", "reviewer", "approver")), st.sampled_from(("chen", "sun")),
              st.sampled_from(("grant", "hold")), st.integers(0, 12), st.sampled_from(("", "chen-1", "sun-2")))
    | st.builds(ordered, st.sampled_from(("zhao", "zhou")), st.sampled_from(("grant", "hold")), st.integers(0, 12))
    | st.builds(lambda stance, day: decided(stance, day, "wu", "sun", dissented=("li",)),
                st.sampled_from(("grant", "hold")), st.integers(0, 12)),
    max_size=6, unique_by=lambda act: act.fact,
)  # fmt: skip


@given(acts=ACTS, data=st.data())
def test_neither_order_nor_what_came_after_the_due_changes_who_answers(acts: list[Act], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(acts))
    assert answerable(shuffled, DUE_ENDS) == answerable(acts, DUE_ENDS)
    assert answerable([act for act in acts if act.at < DUE_ENDS], DUE_ENDS) == answerable(acts, DUE_ENDS)


@given(acts=ACTS)
def test_nobody_answers_who_did_not_hold_the_matter(acts: list[Act]) -> None:
    found = answerable(acts, DUE_ENDS)
    if found is not None:
        assert found.act.stance == "hold" and found.act.at < DUE_ENDS
        assert set(found.persons) <= {found.act.person, *found.act.members} - set(found.act.dissented)
