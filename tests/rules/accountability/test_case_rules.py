"""given / when / then: what becomes of a case."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.case import (
    Decision,
    Escalated,
    Known,
    Opened,
    Reinstated,
    Revised,
    Withdrawn,
    on_answer,
    on_missed,
    on_rung_missed,
    on_untrue,
    refusal_of_answer,
    revise,
)
from services.accountability.rules.identity import (
    NAMESPACE,
    case_id,
    case_of_subject,
    clock_of_rung,
    opening_id,
    rung_of_clock,
)
from services.accountability.rules.ladder import Edition, Rulebook, addressee
from services.accountability.rules.model import (
    Addressee,
    Case,
    CaseKey,
    Missed,
    Proposal,
    Ref,
    Refuted,
    Responsible,
    Rung,
    RungMissed,
    Untrue,
)

NOW = datetime(2026, 3, 11, 1, tzinfo=UTC)
LATE = datetime(2026, 3, 10, 16, tzinfo=UTC)
KEY = CaseKey("licheng", "M1", UUID(int=7))
LADDER = (Rung(0, "direct", None), Rung(1, "leading", "1wd"), Rung(2, "principal", "5wd"))
BOOK = Rulebook("default", (Edition("1", date(1900, 1, 1), LADDER),))


def proposal(direct: str | None = "zhang", leading: str | None = "li", principal: str | None = "wang") -> Proposal:
    return (
        Responsible("direct", direct, "R25", "b"),
        Responsible("leading", leading, "R25", "b"),
        Responsible("principal", principal, "R25", "b"),
    )


def miss(revision: int = 1) -> Missed:
    return Missed(
        KEY, Ref("/duban/deadline", f"miss-{revision}"), revision, "promised", "", "2026-03-10", LATE, NOW, "item",
        "licensing", None, "live", "Asia/Shanghai", "CN",
    )  # fmt: skip


def untrue(revision: int = 2) -> Untrue:
    return Untrue(KEY, Ref("/duban/deadline", f"untrue-{revision}"), revision, "met")


def rung(number: int, late_from: datetime = NOW + timedelta(days=1), started_by: str | None = None) -> RungMissed:
    """A limit of the opened case, or of the standing that began with the event `started_by`."""
    start = started_by or opening_id(KEY.case_id)
    return RungMissed(KEY, Ref("/duban/deadline", f"rung-{number}"), number, late_from, start)


def opened(people: Proposal | None = None) -> Case:
    decision = on_missed(None, miss(), people or proposal(), BOOK, NOW)
    assert isinstance(decision.known, Case)
    return decision.known


def case_after(decision: Decision) -> Case:
    assert isinstance(decision.known, Case)
    return decision.known


def test_a_miss_opens_a_case_at_the_lowest_rung_and_tells_the_direct_handler() -> None:
    decision = on_missed(None, miss(), proposal(), BOOK, NOW)
    case = case_after(decision)
    assert isinstance(decision.happened, Opened)
    assert (case.state, case.rung, case.revision, case.attributions) == ("standing", 0, 1, 1)
    assert (case.addressed, case.told) == (("zhang",), ("li", "wang", "zhang"))
    assert case.rulebook == "default/1"


@pytest.mark.parametrize("revision", [0, 1])
def test_an_older_or_equal_miss_changes_nothing(revision: int) -> None:
    case = opened()
    assert on_missed(case, miss(revision), proposal("x"), BOOK, NOW) == Decision(case, ignored="older")


def test_the_miss_republished_keeps_the_case_and_takes_the_newer_basis() -> None:
    decision = on_missed(opened(), miss(4), proposal(), BOOK, NOW)
    assert decision.happened is None
    assert (case_after(decision).verdict_revision, case_after(decision).miss.id) == (4, "miss-4")
    decision = on_missed(opened(), miss(4), proposal("chen"), BOOK, NOW)
    assert isinstance(decision.happened, Revised)
    assert (case_after(decision).attributions, case_after(decision).revision) == (2, 2)
    assert case_after(decision).told == ("chen", "li", "wang", "zhang")
    assert case_after(decision).addressed == ("zhang",)


def test_a_withdrawal_keeps_the_row_and_tells_all_who_were_named() -> None:
    decision = on_untrue(opened(), untrue(), NOW)
    assert isinstance(decision.happened, Withdrawn)
    case = case_after(decision)
    assert (case.state, case.withdrawn_at, case.withdrawn_because) == ("withdrawn", NOW, "met")
    assert on_untrue(case, untrue(1), NOW).ignored == "older"
    again = on_untrue(case, untrue(9), NOW)
    assert again.happened is None and case_after(again).verdict_revision == 9


def test_a_withdrawal_without_a_case_bars_the_older_miss_only() -> None:
    known = on_untrue(None, untrue(2), NOW).known
    assert known == Refuted(2)
    assert on_untrue(known, untrue(1), NOW) == Decision(Refuted(2), ignored="older")
    assert on_missed(known, miss(1), proposal(), BOOK, NOW) == Decision(Refuted(2), ignored="older")
    assert isinstance(on_missed(known, miss(3), proposal(), BOOK, NOW).happened, Opened)


def test_a_reinstated_case_starts_its_ladder_anew_and_awaits_a_new_answer() -> None:
    climbed = case_after(on_rung_missed(opened(), rung(1), NOW))
    answered = on_answer(climbed, "li", NOW).case
    withdrawn = case_after(on_untrue(answered, untrue(2), NOW))
    later = NOW + timedelta(days=30)
    decision = on_missed(withdrawn, miss(3), proposal("chen"), BOOK, later)
    case = case_after(decision)
    assert isinstance(decision.happened, Reinstated)
    assert (case.state, case.rung, case.standing_no, case.standing_since) == ("standing", 0, 2, later)
    assert (case.answered_at, case.opened_at) == (None, NOW)
    assert case.addressed == ("chen", "li", "zhang")
    assert on_rung_missed(case, rung(1, started_by=case.standing_event), later).happened is not None


def test_a_former_standings_rung_does_not_escalate_a_reinstated_case_however_late_it_is_due() -> None:
    withdrawn = case_after(on_untrue(opened(), untrue(2), NOW))
    again = case_after(on_missed(withdrawn, miss(3), proposal(), BOOK, NOW + timedelta(days=3)))
    for due in (NOW, again.standing_since, NOW + timedelta(days=4), NOW + timedelta(days=400)):
        assert on_rung_missed(again, rung(2, due), due).ignored == "former-standing"
    withdrawn_again = case_after(on_untrue(again, untrue(4), NOW))
    third = case_after(on_missed(withdrawn_again, miss(5), proposal(), BOOK, NOW))
    for former in (opening_id(KEY.case_id), again.standing_event):
        assert on_rung_missed(third, rung(1, started_by=former), NOW).ignored == "former-standing"
    assert on_rung_missed(third, rung(1, started_by=third.standing_event), NOW).happened is not None


def test_rungs_climb_once_and_never_down() -> None:
    first = on_rung_missed(opened(), rung(1), NOW)
    assert isinstance(first.happened, Escalated) and first.happened.addressee.person == "li"
    assert on_rung_missed(case_after(first), rung(1), NOW).ignored == "climbed-before"
    assert on_rung_missed(opened(), rung(3), NOW).ignored == "no-such-rung"


def test_the_leader_in_charge_is_told_though_the_rung_above_fired_first() -> None:
    second = on_rung_missed(opened(), rung(2), NOW)
    assert isinstance(second.happened, Escalated)
    assert (second.happened.addressee.person, second.happened.last) == ("wang", True)
    first = on_rung_missed(case_after(second), rung(1), NOW)
    assert isinstance(first.happened, Escalated)
    assert (first.happened.rung, first.happened.addressee.person, first.happened.last) == (1, "li", False)
    assert (case_after(first).rung, case_after(first).at_last_rung) == (2, True)


PEOPLE = st.none() | st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.integers(1, 5), max_size=12), st.lists(PEOPLE, min_size=3, max_size=3),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_rungs_fire_alike_in_every_order_with_every_duplicate(
    missed: list[int], people: list[str | None], random: Random
) -> None:
    ladder = (*LADDER, Rung(3, "leading", "9wd"), Rung(4, "principal", "12wd"))
    known = on_missed(None, miss(), proposal(*people), Rulebook("b", (Edition("1", date(1900, 1, 1), ladder),)), NOW)

    def outcome(order: list[int]) -> tuple[set[tuple[int, Addressee]], Case]:
        case, told, highest = case_after(known), set(), 0
        for number in order:
            decision = on_rung_missed(case, rung(number), NOW)
            if isinstance(decision.happened, Escalated):
                assert (decision.happened.rung, decision.happened.addressee) not in told, "each rung fires once"
                told.add((decision.happened.rung, decision.happened.addressee))
            case = case_after(decision)
            assert case.rung >= highest, "the rung reached never goes down"
            highest = case.rung
        return told, case

    shuffled = [*missed, *missed]
    random.shuffle(shuffled)
    told, case = outcome(missed)
    assert {number for number, _ in told} == {number for number in missed if number <= 4}
    assert case.rung == max((number for number, _ in told), default=0)
    assert outcome(shuffled) == (told, case)


def test_an_answered_or_withdrawn_case_does_not_climb() -> None:
    answered = on_answer(opened(), "zhang", NOW).case
    assert on_rung_missed(answered, rung(1), NOW).ignored == "answered"
    withdrawn = case_after(on_untrue(opened(), untrue(), NOW))
    assert on_rung_missed(withdrawn, rung(1), NOW).ignored == "withdrawn"


def test_who_may_answer() -> None:
    case = opened()
    assert refusal_of_answer(case, "wang") is None
    assert refusal_of_answer(case, "passer-by") == "not-concerned"
    revised = case_after(revise(case, proposal("chen", "zhao"), Ref("s", "i"), "directory-fact", NOW))
    assert refusal_of_answer(revised, "zhang") is None  # was addressed
    assert refusal_of_answer(revised, "li") == "not-concerned"  # was named once, and is not any more
    assert refusal_of_answer(case_after(on_untrue(case, untrue(), NOW)), "zhang") == "withdrawn"


def test_a_rung_reaches_the_lowest_role_that_is_not_vacant() -> None:
    assert addressee(LADDER, 0, proposal(None)) == addressee(LADDER, 0, proposal(None, "li", None))
    assert addressee(LADDER, 0, proposal(None)).skipped == ("direct",)
    nobody = addressee(LADDER, 0, proposal(None, None, None))
    assert (nobody.role, nobody.person, nobody.skipped) == ("principal", None, ("direct", "leading"))
    alone = addressee(LADDER, 2, proposal("zhang", "li", None))
    assert (alone.role, alone.person, alone.skipped) == ("principal", None, ())


def test_the_edition_is_chosen_by_the_day_of_the_due_in_its_zone() -> None:
    old, new = Edition("1", date(2000, 1, 1), LADDER), Edition("2", date(2026, 3, 11), LADDER)
    book = Rulebook("b", (old, new))
    assert book.in_force(LATE, "Asia/Shanghai") == old  # the due's last instant is on the 10th
    assert book.in_force(LATE + timedelta(microseconds=1), "Asia/Shanghai") == new
    assert book.in_force(LATE + timedelta(microseconds=1), "UTC") == old
    assert book.in_force(datetime(1999, 1, 1, tzinfo=UTC), "UTC") == old


def test_ids_come_from_what_was_missed_however_the_instant_is_written() -> None:
    zone = timedelta(hours=8)
    local = LATE.astimezone(datetime.strptime("+0800", "%z").tzinfo)
    assert local.utcoffset() == zone
    assert case_id("licheng/M1", "promised", "", LATE) == case_id("licheng/M1", "promised", "", local)
    assert case_id("licheng/M1", "promised", "", LATE) != case_id("licheng/M1", "promised", "s", LATE)
    assert case_of_subject(f"case:{UUID(int=7)}") == UUID(int=7)
    assert case_of_subject("case:7") is None and case_of_subject("stage") is None
    assert rung_of_clock(clock_of_rung(3)) == 3
    assert rung_of_clock("rung-0") is None and rung_of_clock("promised") is None


verdicts = st.lists(st.tuples(st.booleans(), st.integers(1, 6)), unique_by=lambda v: v[1], max_size=6)


@given(verdicts, st.randoms(use_true_random=False))
def test_the_last_word_counts_in_every_order_with_every_duplicate(said: list[tuple[bool, int]], random: Random) -> None:
    delivered = [*said, *said]
    random.shuffle(delivered)
    known: Known = None
    for true, revision in delivered:
        known = (
            on_missed(known, miss(revision), proposal(f"p{revision}"), BOOK, NOW)
            if true
            else on_untrue(known, untrue(revision), NOW)
        ).known
    if not said:
        assert known is None
        return
    true, revision = max(said, key=lambda v: v[1])
    if true:
        assert isinstance(known, Case)
        assert known.state == "standing"
        assert known.verdict_revision == revision
        assert known.proposal == proposal(f"p{revision}")
    else:
        assert not isinstance(known, Case) or known.state == "withdrawn"


def test_ids_are_the_uuids_of_their_names() -> None:
    assert case_id("licheng/M1", "promised", "", LATE) == uuid5(NAMESPACE, f"licheng/M1|promised||{LATE.isoformat()}")
    assert opening_id(KEY.case_id) == str(uuid5(NAMESPACE, f"case.opened|{KEY.case_id}|"))
