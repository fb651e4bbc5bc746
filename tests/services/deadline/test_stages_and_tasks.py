"""A clock for each stage and each task: at once, with units and holders of their own (R13, R25)."""

from datetime import date, datetime
from typing import Any

from services.deadline.rules.clock import State
from shared.events.deadline import DeadlineMissed, DeadlineWarned
from shared.events.limits import LimitTerms, PauseTerms
from shared.inbox import Message
from tests.support.deadline_service import Service, at, fact, terms


def per_stage(clock: str = "stage", amount: str = "2wd", **changes: Any) -> LimitTerms:
    fields: dict[str, Any] = {"per": "stage", "starts_on": ("stage.started",), "stops_on": ("stage.finished",)}
    return terms(clock, amount, **(fields | changes))


def per_task(amount: str = "2wd", **changes: Any) -> LimitTerms:
    fields: dict[str, Any] = {"per": "task", "starts_on": ("task.assigned",), "stops_on": ("task.finished",)}
    return terms("task", amount, **(fields | changes))


def registered(*limits: LimitTerms) -> Message:
    return fact("matter.registered", "r", at("03-02 08:00"), limits=limits, person="p-window")


def started(stage: str, when: datetime, **says: Any) -> Message:
    return fact("stage.started", f"s-{stage}-{when:%d%H}", when, stage=stage, **says)


async def test_stages_run_side_by_side_each_in_hands_of_its_own(service: Service) -> None:
    await service.deliver(
        registered(per_stage(warnings=("1wd",))),
        started("fire", at("03-02 08:10"), unit="fire", person="p-fire"),
        started("plans", at("03-02 08:20"), unit="planning", person="p-plans"),
    )
    rows = await service.rows()
    assert {(name, subject): row.unit for (name, subject), row in rows.items()} == {
        ("stage", "fire"): "fire", ("stage", "plans"): "planning",
    }  # fmt: skip
    await service.move_to(at("03-04 00:00"))
    warned = [event for _, event in await service.published() if isinstance(event, DeadlineWarned)]
    assert {event.subject: event.holding.person for event in warned} == {"fire": "p-fire", "plans": "p-plans"}
    await service.deliver(fact("stage.finished", "f", at("03-04 00:00"), stage="plans"))
    await service.move_to(at("03-05 00:00"))
    missed = [event for _, event in await service.published() if isinstance(event, DeadlineMissed)]
    assert [(event.subject, event.unit, event.holdings[-1].person) for event in missed] == [("fire", "fire", "p-fire")]
    assert (await service.rows())["stage", "plans"].state is State.MET
    await service.assert_revisions_have_no_gaps()


async def test_a_stage_in_nobodys_hands_is_in_those_of_the_matter(service: Service) -> None:
    await service.deliver(registered(per_stage()), started("fire", at("03-02 08:10")))
    await service.move_to(at("03-05 00:00"))
    missed = (await service.published())[-1][1]
    assert isinstance(missed, DeadlineMissed)
    assert (missed.unit, missed.holdings[-1].person) == ("u1", "p-window")


async def test_a_limit_of_one_stage_leaves_the_others_alone(service: Service) -> None:
    await service.deliver(
        registered(per_stage("fire-check", stage="fire")),
        started("fire", at("03-02 08:10")),
        started("plans", at("03-02 08:20")),
    )
    assert list(await service.rows()) == [("fire-check", "fire")]


async def test_a_stage_that_never_began_has_no_clock_any_more(service: Service) -> None:
    await service.deliver(registered(per_stage()), started("fire", at("03-02 08:10")))
    await service.deliver(
        fact("fact.retracted", "x", at("03-02 08:40"), replaces={"source": "/a", "id": "s-fire-0208"})
    )
    assert await service.told() == ["scheduled", "voided"]
    assert not (await service.rows())["stage", "fire"].applies


async def test_a_pause_of_the_matter_stops_every_stage(service: Service) -> None:
    await service.deliver(
        registered(per_stage(pauses=(PauseTerms(ground="*"),))),
        started("fire", at("03-02 08:10")), started("plans", at("03-02 08:20")),
        fact("matter.suspended", "p", at("03-02 08:30"), ground="inspection"),
    )  # fmt: skip
    assert {row.state for row in (await service.rows()).values()} == {State.PAUSED}
    await service.move_to(at("03-09 08:00"))
    await service.deliver(fact("matter.resumed", "z", at("03-09 08:00")))
    assert {row.due_on for row in (await service.rows()).values()} == {date(2026, 3, 11)}


async def test_each_task_has_a_clock_of_its_own_about_its_activity(service: Service) -> None:
    await service.deliver(
        registered(per_task()),
        fact("task.assigned", "t1", at("03-02 08:10"), task="7", activity="site visit", person="p-1", unit="survey"),
        fact("task.assigned", "t2", at("03-02 08:20"), task="8", activity="site visit", person="p-2"),
    )
    rows = await service.rows()
    assert sorted(rows) == [("task:7", "site visit"), ("task:8", "site visit")]
    await service.deliver(fact("task.finished", "d", at("03-02 08:30"), task="7"))
    await service.move_to(at("03-05 00:00"))
    rows = await service.rows()
    states = {name: row.state for (name, _), row in rows.items()}
    assert states == {"task:7": State.MET, "task:8": State.MISSED}
    missed = (await service.published())[-1][1]
    assert isinstance(missed, DeadlineMissed)
    assert (missed.clock, missed.subject, missed.holdings[-1].person) == ("task:8", "site visit", "p-2")
    assert (missed.unit, missed.holdings[-1].unit) == ("u1", "u1")


async def test_the_due_of_a_task_outdoes_the_items_limit_for_tasks(service: Service) -> None:
    own = terms("task:7", None, at=date(2026, 3, 20), starts_on=("task.assigned",), stops_on=("task.finished",))
    assigned = fact(
        "task.assigned", "t1", at("03-02 08:10"), task="7", activity="visit", due=date(2026, 3, 20),
        zone="Asia/Shanghai", limits=(own,),
    )  # fmt: skip
    await service.deliver(registered(per_task()), assigned)
    assert (await service.rows())["task:7", "visit"].due_on == date(2026, 3, 20)


async def test_what_ends_the_matter_withdrawn_ends_its_stages(service: Service) -> None:
    await service.deliver(
        registered(per_stage(), per_task()),
        started("fire", at("03-02 08:10")),
        fact("task.assigned", "t1", at("03-02 08:20"), task="7", activity="visit"),
        fact("matter.withdrawn", "w", at("03-02 08:30")),
    )
    assert {row.state for row in (await service.rows()).values()} == {State.VOID}
