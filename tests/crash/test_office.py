"""The naive directory: who answered for a role at an instant, by what was said in any order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

from tests.crash.office import Office, micros
from tests.crash.organisation import organisation

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(s: float) -> str:
    return (BEGUN + timedelta(seconds=s)).isoformat()


def fact(type_: str, name: str, s: float, **data: Any) -> dict[str, Any]:
    return {"id": f"{name} {s}", "type": type_, "subject": f"city/{name}", "data": {"occurred_at": at(s), **data}}


def office(*facts: dict[str, Any]) -> Office:
    found = Office()
    for each in facts:
        assert found.take(each)
    found.ready()
    return found


def answered(facts: list[dict[str, Any]], *seconds: float, unit: str | None = "u", role: str = "leading") -> list[Any]:
    """The same for every order in which it was said."""
    found = {
        tuple(office(*order).leader("city", unit, role, micros(at(s))) for s in seconds)
        for order in permutations(facts)
    }
    assert len(found) == 1
    return list(found.pop())


def lead(person: str, s: float, unit: str | None = "u", **data: Any) -> dict[str, Any]:
    where = {"unit": unit} if unit else {}
    return fact("holder.assigned", f"lead-{unit}", s, person=person, role="leading", **where, **data)


def test_roles_are_read_at_the_instant() -> None:
    facts = [lead("ann", -100), lead("bob", 30), lead("eve", 90)]
    assert answered(facts, -101, 29, 30, 60, 90) == [None, "ann", "bob", "bob", "eve"]
    ended = [*facts[:2], fact("holder.ended", "lead-u", 50, person="bob")]
    assert answered(ended, 49, 60) == ["bob", None]


def test_who_acts_goes_before_who_is_appointed_until_somebody_else_is() -> None:
    facts = [lead("ann", 0), lead("act", 10, acting=True, until=at(20)), lead("agt", 30, acting=True), lead("bob", 40)]
    assert answered(facts, 9, 10, 19, 20, 30, 39, 40) == ["ann", "act", "act", "ann", "agt", "agt", "bob"]


def test_a_deputy_answers_during_leave_and_without_one_the_holder() -> None:
    leave = fact("leave.taken", "ann", 10, deputy="dan", until=at(20))
    back = fact("leave.ended", "ann", 15)
    assert answered([lead("ann", 0), leave], 9, 10, 19, 20) == ["ann", "dan", "dan", "ann"]
    assert answered([lead("ann", 0), leave, back], 14, 15) == ["dan", "ann"]
    of_another = fact("leave.taken", "ann", 12, deputy="eve", post="lead-v")
    assert answered([lead("ann", 0), leave, of_another], 13) == ["dan"]
    from_this = fact("leave.taken", "ann", 12, post="lead-u")
    assert answered([lead("ann", 0), leave, from_this], 13) == ["ann"]
    never = {"id": "r", "type": "fact.retracted", "subject": "city/ann",
             "data": {"replaces": {"id": leave["id"]}, "of": "directory"}}  # fmt: skip
    assert answered([lead("ann", 0), leave, never], 13) == ["ann"]


def test_a_vacancy_goes_up_the_tree_as_it_stood_and_then_to_the_authority() -> None:
    facts = [
        lead("top", 0, None), lead("one", 0, "v"), lead("two", 0, "w"),
        fact("unit.placed", "u", 0, parent="v"), fact("unit.placed", "u", 10, parent="w"),
        fact("unit.placed", "u", 20),
    ]  # fmt: skip
    assert answered(facts, 5, 15, 25) == ["one", "two", "top"]
    assert office(*facts).holder("city", "u", "leading", micros(at(5))) is None


def test_the_generator_says_all_of_it_and_everything_of_an_entry_at_its_own_instant() -> None:
    planned = {p.id: p.event for p in organisation(Random(1).randrange(9), 300, BEGUN)}.values()
    kinds = [(p["type"], bool(p["data"].get("acting"))) for p in planned]
    for kind in ("unit.placed", "holder.ended", "leave.taken", "leave.ended", "fact.retracted"):
        assert kinds.count((kind, False)) > 5
    assert kinds.count(("holder.assigned", True)) > 5
    instants = [(p["subject"], p["data"]["occurred_at"]) for p in planned if "occurred_at" in p["data"]]
    assert len(set(instants)) == len(instants)
    late = [p for p in planned if "occurred_at" in p["data"] and p["time"] > p["data"]["occurred_at"]]
    assert len(late) > len(planned) / 5
