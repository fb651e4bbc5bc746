"""What is held to have happened: the total order of facts, and corrections of corrections (D4)."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.rules.facts import effective, order
from tests.support.deadline_facts import FIRST, fact_of, histories
from tests.support.deadline_oracle import Entry, happened, place

HOUR = timedelta(hours=1)


def an_entry(name: str, type_: str = "matter.closed", hours: int = 0, source: str = "/a", turn: int = 0) -> Entry:
    return Entry((source, name), type_, FIRST + hours * HOUR, FIRST, turn=turn)


def correcting(about: str, name: str, issued: int, instead: Entry | None, source: str = "/a") -> Entry:
    at = FIRST + issued * HOUR
    type_ = "fact.corrected" if instead else "fact.retracted"
    return Entry((source, name), type_, at, at, about=("/a", about), instead=instead)


def held(*entries: Entry) -> list[tuple[str, str, int]]:
    """(type, id, hour) of what is held to have happened."""
    facts = effective(fact_of(entry) for entry in entries)
    return [(fact.type, fact.identity[1], int((fact.occurred - FIRST) / HOUR)) for fact in facts]


@settings(max_examples=150, deadline=None)
@given(histories(size=10))
def test_what_happened_is_what_the_oracle_says_in_the_order_of_the_oracle(history: list[Entry]) -> None:
    truth = sorted(happened(history), key=place)
    facts = effective(fact_of(entry) for entry in history)
    assert [(f.identity, f.type, f.occurred, f.on) for f in facts] == [(e.name, e.type, e.at, e.day) for e in truth]
    assert facts == sorted(facts, key=order)


@settings(max_examples=50, deadline=None)
@given(histories(size=6), st.data())
def test_no_two_facts_share_a_place(history: list[Entry], data: st.DataObject) -> None:
    facts = effective(fact_of(entry) for entry in history)
    assert len({order(fact) for fact in facts}) == len(facts)
    assert effective(data.draw(st.permutations([fact_of(entry) for entry in history]))) == facts


def test_at_one_instant_a_registration_comes_first_then_stops_then_the_rest() -> None:
    types = ["matter.reopened", "limits.changed", "matter.assigned", "matter.closed", "matter.registered"]
    entries = [an_entry(str(number), type_) for number, type_ in enumerate(types)]
    found = [type_ for type_, _, _ in held(*entries)]
    assert found == ["matter.registered", "matter.closed", "matter.reopened", "limits.changed", "matter.assigned"]


def test_whatever_may_stop_a_limit_comes_before_a_reopening_of_the_same_instant() -> None:
    types = [
        "matter.accepted", "matter.closed", "matter.decided", "matter.delivered", "matter.refused",
        "matter.withdrawn", "stage.finished",
    ]  # fmt: skip
    reopened = an_entry("0", "matter.reopened")
    assert [type_ for type_, _, _ in held(reopened, *(an_entry(type_, type_) for type_ in types))] == [
        *types,
        "matter.reopened",
    ]


def test_the_facts_of_a_case_keep_the_order_of_its_stream_within_one_instant() -> None:
    life = ["case.opened", "case.withdrawn", "case.reinstated", "case.answered", "case.withdrawn", "case.reinstated"]
    entries = [an_entry(str(9 - turn), type_, turn=turn) for turn, type_ in enumerate(life, start=1)]
    assert [type_ for type_, _, _ in held(*reversed(entries))] == life


def test_the_correction_issued_last_wins_whichever_arrives_last() -> None:
    closed = an_entry("1")
    first = correcting("1", "2", issued=1, instead=an_entry("2", hours=5))
    second = correcting("1", "3", issued=2, instead=an_entry("3", hours=7))
    for entries in ((closed, first, second), (second, closed, first), (first, second, closed)):
        assert held(*entries) == [("matter.closed", "1", 7)]


def test_of_two_corrections_issued_at_once_the_greater_identity_wins() -> None:
    one = correcting("1", "2", issued=1, instead=an_entry("2", hours=5))
    other = correcting("1", "1", issued=1, instead=an_entry("1", hours=7), source="/b")
    assert held(an_entry("1"), other, one) == [("matter.closed", "1", 7)]


def test_a_correction_of_a_correction_corrects_the_fact_below() -> None:
    closed = an_entry("1")
    first = correcting("1", "2", issued=1, instead=an_entry("2", hours=5))
    second = correcting("2", "3", issued=2, instead=an_entry("3", "matter.decided", hours=7))
    assert held(second, closed, first) == [("matter.decided", "1", 7)]
    before = correcting("2", "4", issued=0, instead=an_entry("4", hours=9))
    assert held(closed, first, before) == [("matter.closed", "1", 5)]


def test_a_correction_counts_from_the_moment_its_original_is_there() -> None:
    closed = an_entry("1")
    first = correcting("1", "2", issued=1, instead=an_entry("2", hours=5))
    second = correcting("2", "3", issued=2, instead=an_entry("3", hours=7))
    assert held(first) == held(first, second) == held(second) == []
    assert held(second, closed) == [("matter.closed", "1", 0)], "what the second corrects is not known yet"
    assert held(second, closed, first) == [("matter.closed", "1", 7)]


def test_no_publisher_corrects_a_case() -> None:
    opened = Entry(("/a", "1"), "case.opened", FIRST, FIRST, None, "case:1", 1)
    gone = correcting("1", "2", issued=1, instead=None)
    assert held(opened, gone) == [("case.opened", "1", 0)]


def test_a_retraction_holds_against_earlier_corrections_and_falls_to_later_ones() -> None:
    closed = an_entry("1")
    gone = correcting("1", "2", issued=2, instead=None)
    before = correcting("1", "3", issued=1, instead=an_entry("3", hours=5))
    after = correcting("1", "4", issued=3, instead=an_entry("4", hours=7))
    assert held(closed, gone) == held(gone) == held(closed, before, gone) == []
    assert held(closed, before, gone, after) == [("matter.closed", "1", 7)]


def test_a_retracted_correction_brings_back_the_next_best_one_or_the_original() -> None:
    closed = an_entry("1")
    first = correcting("1", "2", issued=1, instead=an_entry("2", hours=5))
    second = correcting("1", "3", issued=2, instead=an_entry("3", hours=7))
    no_second = correcting("3", "4", issued=3, instead=None)
    no_first = correcting("2", "5", issued=3, instead=None)
    assert held(closed, first, second, no_second) == [("matter.closed", "1", 5)]
    assert held(closed, first, second, no_first) == [("matter.closed", "1", 7)]
    assert held(no_first, no_second, second, first, closed) == [("matter.closed", "1", 0)]


def test_a_retracted_retraction_brings_back_what_it_took_away() -> None:
    closed = an_entry("1")
    gone = correcting("1", "2", issued=1, instead=None)
    not_gone = correcting("2", "3", issued=2, instead=None)
    gone_after_all = correcting("3", "4", issued=3, instead=None)
    assert held(closed, gone, not_gone) == [("matter.closed", "1", 0)]
    assert held(gone_after_all, not_gone, gone, closed) == []
    corrected = correcting("1", "5", issued=0, instead=an_entry("5", hours=5))
    assert held(closed, corrected, gone, not_gone) == [("matter.closed", "1", 5)]


def test_what_takes_a_correction_back_may_be_issued_before_it() -> None:
    first = correcting("1", "2", issued=2, instead=an_entry("2", hours=5))
    assert held(an_entry("1"), first, correcting("2", "3", issued=1, instead=None)) == [("matter.closed", "1", 0)]


def test_a_chain_of_a_thousand_retractions_is_settled() -> None:
    chain = [an_entry("0"), *(correcting(str(n), str(n + 1), issued=1, instead=None) for n in range(1001))]
    assert held(*chain) == []
    assert held(*chain[:-1]) == [("matter.closed", "0", 0)]


def test_corrections_in_a_circle_correct_nothing() -> None:
    one = correcting("2", "1", issued=1, instead=an_entry("1", hours=5))
    other = correcting("1", "2", issued=2, instead=None)
    itself = correcting("3", "3", issued=1, instead=an_entry("3", hours=9))
    closed = an_entry("4")
    assert held(one, other, itself, closed) == held(itself, closed, other, one) == [("matter.closed", "4", 0)]


def test_a_corrected_fact_keeps_its_place_and_cites_the_correction() -> None:
    correction = fact_of(correcting("1", "2", issued=1, instead=an_entry("2", hours=5)))
    (fact,) = effective([fact_of(an_entry("1")), correction])
    assert (fact.identity, fact.event, fact.issued) == (("/a", "1"), correction.event, correction.issued)
    assert fact.occurred == FIRST + 5 * HOUR
