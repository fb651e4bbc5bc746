"""Facts that are findings by themselves: whose act each is, and what becomes of it when the facts change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

from services.deadline.rules.change import compare, vanish
from services.deadline.rules.facts import About, Fact
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, Finds, Limit, Roll, StartRule
from services.deadline.rules.pauses import Finding
from services.deadline.rules.stored import Stored, rowed
from tests.support.deadline_facts import CALENDAR

FIRST = datetime(2026, 3, 2, 2, tzinfo=UTC)
NOW = FIRST + timedelta(days=9)
BOUNCED = Finds("bounced", "matter.transferred", returned=True)
UNHEARD = Finds("unheard", "matter.closed", before="complaint.fed_back")
PROVEN = Finds("proven", "complaint.concluded", ("substantiated",))


def limit(*finds: Finds, clock: str = "handling", at: date | None = None) -> Limit:
    amount = None if at else Amount.parse("5wd")
    return Limit(
        clock, amount, at, StartRule.DAY0, Roll.NONE, "Asia/Shanghai", None, "X", ("matter.registered",),
        ("complaint.fed_back",), (), "not verified", finds=finds,
    )  # fmt: skip


def fact(type_: str, hour: int, **more: Any) -> Fact:
    at = FIRST + timedelta(hours=hour)
    return Fact(type_, at, None, ("/s", f"{type_}-{hour}"), at, f"event-{hour}")._replace(**more)


def registered(*finds: Finds, clock: str = "handling", at: date | None = None, **more: Any) -> Fact:
    return fact("matter.registered", 0, limits=(limit(*finds, clock=clock, at=at),), unit="a", person="ann", **more)


def found(*facts: Fact) -> list[Finding]:
    every = [
        [f for clock in fold(order, lambda _: CALENDAR, NOW, NOW).clocks for f in clock.findings]
        for order in permutations(facts)
    ]
    assert all(each == every[0] for each in every)
    return every[0]


def doers(*facts: Fact) -> list[tuple[str, str | None, str | None]]:
    return [(f.code, f.by.unit, f.by.person) for f in found(*facts) if f.by is not None]


def row(*facts: Fact) -> Stored:
    (clock,) = fold(facts, lambda _: CALENDAR, NOW, NOW).clocks
    return rowed("a", "m", clock, NOW, NOW)


def test_handing_back_is_the_act_of_whoever_had_it() -> None:
    there = fact("matter.transferred", 1, unit="b", person="bo")
    back = fact("matter.transferred", 2, unit="a", person="ann")
    assert doers(registered(BOUNCED), there) == []
    assert doers(registered(BOUNCED), there, back) == [("bounced", "b", "bo")]


def test_a_closure_is_found_only_where_nothing_was_told_before_it_and_stops_nothing() -> None:
    closed, told = fact("matter.closed", 2), fact("complaint.fed_back", 1)
    assert doers(registered(UNHEARD), closed) == [("unheard", "a", "ann")]
    assert doers(registered(UNHEARD), closed, told) == []


def test_a_conclusion_is_about_whom_the_complaint_is_about_when_they_acted() -> None:
    about = About("roads", "rose", FIRST - timedelta(days=3))
    begun = registered(PROVEN, detail=about)
    proven = fact("complaint.concluded", 5, detail=About(result="substantiated"))
    (one,) = found(begun, proven)
    assert one.by is not None and (one.by.at, one.by.unit, one.by.person) == (about.at, "roads", "rose")
    assert doers(begun, proven._replace(detail=About(result="unsubstantiated"))) == []
    assert doers(begun, proven._replace(detail=About("parks", result="substantiated"))) == [("proven", "parks", None)]


def test_a_commitment_is_amended_only_while_its_date_is_ahead() -> None:
    begun = registered(clock="recorded", at=date(2026, 3, 4))
    later = (limit(clock="recorded", at=date(2026, 3, 6)),)
    in_time, too_late = fact("commitment.amended", 24, limits=later), fact("commitment.amended", 72, limits=later)
    assert found(begun, in_time) == []
    assert [f.code for f in found(begun, too_late)] == ["amended-after-its-date"]
    (clock,) = fold([begun, too_late], lambda _: CALENDAR, NOW, NOW).clocks
    assert clock.limit.at == date(2026, 3, 4)


def test_a_finding_is_told_again_where_it_was_somebody_else_and_taken_back_with_its_limit() -> None:
    begun, closed = registered(UNHEARD), fact("matter.closed", 4)
    stored, told = compare(None, row(begun, closed))
    assert [change.type for change in told].count("deadline.finding") == 1
    again, told = compare(stored, row(begun, closed, fact("matter.assigned", 2, unit="a", person="amy")))
    assert [(c.type, c.says["by"]["person"]) for c in told if "by" in c.says] == [("deadline.finding", "amy")]
    _, told = vanish(again, registered=False)
    assert "deadline.finding_revoked" in [change.type for change in told]


def test_nothing_is_found_of_the_inspected_before_it_is_published_whatever_the_catalogue_says() -> None:
    """明察暗访. The registration alone has evidence; a catalogue may hang a finding on any fact."""
    about = About("planning", "bob", evidence=("0" * 64,))
    inspection = registered(PROVEN, Finds("seen", "inspection.published"), detail=about)
    concluded = fact("complaint.concluded", 2, detail=About(result="substantiated"))
    assert doers(inspection, concluded) == []
    published = fact("inspection.published", 3, detail=About())
    assert doers(inspection, concluded, published) == [("proven", "planning", "bob"), ("seen", "planning", "bob")]
    assert {f.by.evidence for f in found(inspection, concluded, published) if f.by} == {about.evidence}


PUBLISHED = Finds("inspected", "inspection.published")
RECORDED = About("planning", "pat", FIRST - timedelta(days=1), ("hash",))


def inspected(*disclosed: tuple[str, About], at: int = 2, **more: Any) -> Fact:
    return fact(
        "inspection.published", at, detail=About(), discloses=tuple((("/s", i), a) for i, a in disclosed), **more
    )


def test_what_a_publication_discloses_is_whose_act_an_inspection_found() -> None:
    recording = registered(PUBLISHED, detail=About(withheld=True))
    assert found(recording) == []
    (told,) = found(recording, inspected(("matter.registered-0", RECORDED)))
    assert told.by is not None
    assert (told.by.unit, told.by.person, told.by.evidence) == ("planning", "pat", ("hash",))
    whole = registered(PUBLISHED, detail=RECORDED)
    assert doers(whole, inspected()) == doers(recording, inspected(("matter.registered-0", RECORDED)))


def test_what_was_withheld_of_a_correction_counts_as_the_correction_does() -> None:
    recording = registered(PUBLISHED, detail=About(withheld=True))
    better = registered(PUBLISHED, detail=About(withheld=True))
    correction = fact("fact.corrected", 1, replaces=recording.identity, replacement=better)
    told = inspected(("matter.registered-0", RECORDED), ("fact.corrected-1", replace(RECORDED, person="pam")))
    assert doers(recording, correction, told) == [("inspected", "planning", "pam")]


def test_an_unpublished_inspection_finds_nothing_about_anybody_whatever_a_catalogue_says() -> None:
    recording = registered(PROVEN, detail=About(withheld=True))
    assert found(recording, fact("complaint.concluded", 1, detail=About(result="substantiated"))) == []


def test_what_was_disclosed_stays_so_when_the_publication_is_corrected() -> None:
    recording = registered(PUBLISHED, detail=About(withheld=True))
    first = inspected(("matter.registered-0", RECORDED))
    again = fact("inspection.published", 3, detail=About())
    correction = fact("fact.corrected", 4, replaces=first.identity, replacement=again)
    assert doers(recording, first, correction) == [("inspected", "planning", "pat")]
