"""Each count trips on what it is for, and on an honest run none does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.crash.collect import Event
from tests.crash.expected import World
from tests.crash.oracle import COUNTS, Oracle

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
DUE = 60.0
MATTER = "city/m1"
Events = list[Event]


def at(s: float) -> str:
    """That second, as events say it."""
    return (BEGUN + timedelta(seconds=s)).isoformat()


def sent(id: str, type_: str, subject: str, s: float, **data: Any) -> bytes:
    """A line of the generator's log."""
    event = {"id": id, "type": type_, "subject": subject, "time": at(s), "data": {"occurred_at": at(s), **data}}
    return orjson.dumps(event)


def said(topic: str, type_: str, s: float, revision: int, id: str, **data: Any) -> Event:
    """A message on a topic."""
    when = (BEGUN + timedelta(seconds=s)).timestamp()
    return Event(topic, when, MATTER, id, "/duban", type_, revision, None, data, orjson.dumps(data))


LOG = [
    sent("p1", "holder.assigned", "city/lead", -100, person="ann", role="leading", unit="u"),
    sent("p2", "holder.assigned", "city/lead", 30, person="bob", role="leading", unit="u"),
    sent("p3", "holder.assigned", "city/lead", 90, person="eve", role="leading", unit="u"),
    sent("s1", "matter.submitted", MATTER, 0, item="plain", unit="u", due=at(DUE), person="kim"),
]
LATE_FROM = (BEGUN + timedelta(seconds=DUE, microseconds=1)).isoformat()
NAMED = [{"role": "direct", "person": "kim"}, {"role": "leading", "person": "bob"}, {"role": "principal"}]
CLOCK = {"clock": "recorded", "subject": "", "due": at(DUE), "late_from": LATE_FROM}


def honest() -> Events:
    """What an honest system says of the log: a miss, a case, hours later its escalations, the last to nobody."""
    facts = {n: said("directory-events", "holder.assigned", 1, 1, f"d{n}", submission={"id": n}) for n in ("p1", "p2")}
    return [
        *facts.values(),
        said("directory-events", "holder.assigned", 91, 3, "dp3", submission={"id": "p3"}),
        said("matter-events", "matter.registered", 1, 1, "ms1", submission={"id": "s1"}),
        said("deadline-events", "deadline.scheduled", 2, 1, "c1", **CLOCK, facts=[{"id": "s1"}]),
        said("deadline-events", "deadline.missed", DUE + 1, 2, "c2", **CLOCK, facts=[{"id": "s1"}]),
        said("case-events", "case.opened", DUE + 2, 1, "k1", case_id="K", clock="recorded", late_from=LATE_FROM,
             occurred_at=at(DUE + 2), miss={"id": "c2"}, responsible=NAMED),
        said("case-events", "case.escalated", 120, 2, "k2", case_id="K", occurred_at=at(3700), rung=1,
             addressee={"person": "bob"}, responsible=NAMED),
        said("case-events", "case.escalated", 120, 3, "k3", case_id="K", occurred_at=at(7300), rung=2,
             responsible=NAMED),
    ]  # fmt: skip


def judged(events: Events, log: list[bytes] = LOG) -> Oracle:
    """After everything was seen; two hours passed at second 110."""
    oracle = Oracle(World.of(log), jumps=(((BEGUN + timedelta(seconds=110)).timestamp(), 7300.0),), escalates=True)
    for event in events:
        oracle.see(event)
    oracle.verdict()
    return oracle


def again(events: Events, which: str, /, **changes: Any) -> Event:
    """One of the events, otherwise."""
    found = next(event for event in events if event.id == which)
    data = {**found.data, **changes.pop("data", {})}
    return replace(found, data=data, raw=orjson.dumps(data), **changes)


def changed(events: Events, which: str, /, **changes: Any) -> Events:
    """The events with that one otherwise."""
    return [again(events, which, **changes) if event.id == which else event for event in events]


def without(events: Events, *ids: str) -> Events:
    return [event for event in events if event.id not in ids]


def test_an_honest_run_is_clean() -> None:
    assert judged(honest()).found.clean


def test_the_same_event_twice_is_no_fault_but_counted() -> None:
    events = honest()
    found = judged([*events, events[-1]]).found
    assert found.clean and found.noted["delivered again"] == 1


def _early_case(events: Events) -> Events:
    return changed(events, "k1", at=(BEGUN + timedelta(seconds=DUE - 1)).timestamp())


def _early_escalation(events: Events) -> Events:
    return changed(events, "k2", at=(BEGUN + timedelta(seconds=100)).timestamp())


def _second_case(events: Events) -> Events:
    data = {"case_id": "L"}
    return [*events, *(again(events, id, id=f"{id}x", data=data) for id in ("k1", "k2", "k3"))]


def _second_escalation(events: Events) -> Events:
    return [*events, again(events, "k2", id="k9", revision=4)]


def _two_bodies(events: Events) -> Events:
    return [*events, again(events, "k1", data={"rulebook": "another"})]


def _wrong_person(events: Events) -> Events:
    named = {"responsible": [NAMED[0], {"role": "leading", "person": "eve"}, NAMED[2]]}
    for id in ("k1", "k2", "k3"):
        events = changed(events, id, data=named)
    return events


def _wrong_addressee(events: Events) -> Events:
    return changed(events, "k2", data={"addressee": {"person": "ann"}})


def _other_due(events: Events) -> Events:
    return [*events, again(events, "c1", id="c9", revision=3, data={"late_from": at(50)})]


def _nobodys_case(events: Events) -> Events:
    data = {"case_id": "L"}
    return [*events, *(again(events, id, id=f"{id}x", key="city/m2", data=data) for id in ("k1", "k2", "k3"))]


PLANTED: list[tuple[str, Callable[[Events], Events]]] = [
    ("missed", lambda events: without(events, "c2", "k1", "k2")),
    ("missed", lambda events: without(events, "k1", "k2", "k3")),
    ("missed", lambda events: without(events, "k2", "k3")),
    ("missed", lambda events: without(events, "k3")),
    ("early", _early_case),
    ("early", lambda events: changed(events, "c2", at=(BEGUN + timedelta(seconds=DUE - 0.5)).timestamp())),
    ("early", _early_escalation),
    ("duplicate", _second_case),
    ("duplicate", _second_escalation),
    ("duplicate", _two_bodies),
    ("duplicate", lambda events: [*events, again(events, "ms1", id="ms2", revision=2)]),
    ("wrong person", _wrong_person),
    ("wrong person", _wrong_addressee),
    ("lost", lambda events: without(events, "dp2")),
    ("lost", lambda events: without(events, "c1")),
    ("unexplained", _other_due),
    ("unexplained", _nobodys_case),
    ("unexplained", lambda events: changed(events, "ms1", data={"submission": {"id": "s9"}})),
    ("unexplained", lambda events: changed(events, "c2", data={"facts": [{"id": "s9"}]})),
]


@pytest.mark.parametrize(("count", "plant"), PLANTED, ids=[f"{count}-{n}" for n, (count, _) in enumerate(PLANTED)])
def test_every_count_trips_on_what_it_is_for(count: str, plant: Callable[[Events], Events]) -> None:
    events = honest()
    assert count in COUNTS
    assert judged(plant(events)).found.counts[count] > 0


def test_what_could_not_enter_must_be_refused_and_nothing_else_may_be() -> None:
    wrong = sent("w1", "matter.mislaid", MATTER, 5)

    def refused(id: str) -> Event:
        return said("rejections", "submission.rejected", 6, 1, f"r{id}", event={"id": id}, reasons=["why"])

    assert judged([*honest(), refused("w1")], [*LOG, wrong]).found.clean
    assert judged(honest(), [*LOG, wrong]).found.counts["lost"] == 1
    assert judged([*honest(), refused("s1")]).found.counts["lost"] == 1
    assert judged([*honest(), refused("s9")]).found.counts["unexplained"] == 1


def test_a_case_that_stands_though_the_matter_was_closed_in_time_is_unexplained() -> None:
    closed = sent("s2", "matter.closed", MATTER, 40)
    found = judged([*honest(), said("matter-events", "matter.closed", 41, 2, "ms2", submission={"id": "s2"})],
                   [*LOG, closed]).found  # fmt: skip
    assert found.counts["unexplained"] == 1 and found.counts["lost"] == 1


def outcome(*lines: bytes) -> str:
    """What the oracle expects of the matter with these further facts."""
    expected = World.of([*LOG, *lines]).expect(MATTER)
    assert expected is not None
    return expected.outcome


def replacing(id: str, type_: str, s: float, of: str, **data: Any) -> bytes:
    """A correction or retraction."""
    event = {"id": id, "type": type_, "subject": MATTER, "time": at(s), "data": {"replaces": {"id": of}, **data}}
    return orjson.dumps(event)


def test_the_oracle_expects_what_happened_and_not_what_was_heard_first() -> None:
    closed_late, closed = sent("s2", "matter.closed", MATTER, 70), sent("s3", "matter.closed", MATTER, DUE)
    moved = sent("s5", "limits.changed", MATTER, 20, due=at(80))
    wrong = replacing("s6", "fact.corrected", 90, "s2", fact={"type": "matter.closed", "data": {"occurred_at": at(9)}})
    never = replacing("s7", "fact.retracted", 95, "s3")
    assert outcome() == "missed"
    assert outcome(closed_late) == "late"
    assert outcome(closed_late, closed) == "met"
    assert outcome(moved, closed_late) == "met"
    assert outcome(closed_late, wrong) == "met"
    assert outcome(closed, never) == "missed"
    assert outcome(closed, sent("s8", "matter.reopened", MATTER, 61)) == "missed"
    assert outcome(sent("s9", "matter.withdrawn", MATTER, 59)) == "void"
