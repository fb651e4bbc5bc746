"""What is written of cases field by field is what their models would write, whichever fields are absent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.accountability.publish import published
from services.accountability.rules.attribution import attribute
from services.accountability.rules.case import (
    Decision,
    Happened,
    on_answer,
    on_missed,
    on_rung_missed,
    on_untrue,
    revise,
)
from services.accountability.rules.directory import Directory, PostHolding, PostKey
from services.accountability.rules.ladder import Edition, Rulebook
from services.accountability.rules.model import Case, CaseKey, Missed, Origin, Proposal, Ref, Rung, RungMissed, Untrue
from services.accountability.rules.process_model import Done
from shared.events.accountability import CASE_EVENTS, CaseEvent
from tests.support.made_events import check

LATE = datetime(2026, 3, 10, 16, tzinfo=UTC)
NOW = LATE + timedelta(seconds=1)
LADDER = (Rung(0, "direct", None), Rung(1, "leading", "1wd"), Rung(2, "principal", "5wd"))
BOOK = Rulebook("default", (Edition("1", date(1900, 1, 1), LADDER),))


def proposal(unit: str | None, *, held: bool) -> Proposal:
    posts = [
        PostHolding(PostKey("鲤城区", "局长"), "王", "principal", None, LATE.replace(year=2025), None, NOW, NOW)
    ] * held
    return attribute("鲤城区", unit, None, LATE, "2026-03-10", "Asia/Shanghai", Directory(posts))


def case_of(decision: Decision) -> Case:
    assert isinstance(decision.known, Case)
    return decision.known


def life(unit: str | None, item: str | None, origin: Origin, zone: str, *, held: bool) -> list[Happened]:
    """Everything that can happen to a case, once."""
    miss = Missed(
        CaseKey("鲤城区", 'M "1"', UUID(int=7)), Ref("/duban/deadline", "m1"), 1, "promised", "", "2026-03-10", LATE,
        NOW, item, unit, None, origin, zone, "CN",
    )  # fmt: skip
    opened = on_missed(None, miss, proposal(unit, held=held), BOOK, NOW)
    case = case_of(opened)
    late = RungMissed(case.key, Ref("/duban/deadline", "r1"), 1, NOW, case.standing_event)
    withdrawn = on_untrue(case, Untrue(case.key, Ref("/duban/deadline", "u2"), 2, "met"), NOW)
    again = replace(miss, revision=3, ref=Ref("/duban/deadline", "m3"))
    found = [
        opened.happened,
        revise(case, proposal(unit, held=not held), Ref("/gov", "f"), "directory-fact", NOW).happened,
        on_rung_missed(case, late, NOW).happened,
        withdrawn.happened,
        on_missed(withdrawn.known, again, proposal(unit, held=held), BOOK, NOW).happened,
        on_answer(case, "王", NOW),
    ]
    return [each for each in found if each is not None and not isinstance(each, Done)]


@pytest.mark.parametrize("unit", [None, "licensing"])
@pytest.mark.parametrize("item", [None, "business-licence"])
@pytest.mark.parametrize("origin", ["live", "import"])
@pytest.mark.parametrize("held", [False, True])
def test_each_event_of_a_case_is_as_its_model_writes_it(
    unit: str | None, item: str | None, origin: Origin, held: bool
) -> None:
    happened = life(unit, item, origin, "Asia/Shanghai", held=held)
    assert len(happened) == sum(issubclass(model, CaseEvent) for model in CASE_EVENTS)
    for each in happened:
        check(published(each)[1])


def test_an_instant_of_local_mean_time_is_written_as_the_models_write_it() -> None:
    opened, *_ = life(None, None, "live", "Asia/Shanghai", held=True)
    early = datetime(1900, 6, 1, tzinfo=UTC)
    check(published(replace(opened, at=early, case=replace(opened.case, late_from=early)))[1])
