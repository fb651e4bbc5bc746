"""Two services fold the directory by themselves, for they may not import each other: whom a warning reaches and whom a
case names must be the same people, at every instant, whatever the facts and their order of arrival."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.accountability import directory_reading as accountability
from services.accountability.rules.attribution import attribute
from services.accountability.rules.directory import Directory
from services.accountability.rules.directory_entries import Entry, entry_of
from services.accountability.rules.ladder import TICK, addressee
from services.accountability.rules.model import ROLES, Rung
from services.notification import reading as notification
from services.notification.rules.directory import Directory as Warned
from services.notification.rules.directory import Reach, reach
from shared.events import intake, organisation
from shared.events.base import Event, EventRef, aggregate_key
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
AUTHORITIES, UNITS = ("licheng", "licheng", "licheng", "fengze"), ("licensing", "licensing", None, "roads")
"""The first is likely: so that several hold the same role at once."""
PEOPLE, POSTS = ("li", "wang", "zhao"), ("window", "deputy", "director")
TREE = ("licensing", "roads", "bureau")
LADDER = (Rung(0, "direct", None), Rung(1, "leading", "1wd"), Rung(2, "principal", "5wd"))
Fact = tuple[Received, Event]

instants = st.builds(lambda hours, ticks: FIRST + timedelta(hours=6 * hours) + ticks * TICK, st.integers(0, 40),
                     st.integers(-1, 1))  # fmt: skip
moments = st.one_of(
    instants.map(lambda at: {"occurred_at": at.isoformat()}),
    st.fixed_dictionaries(
        {
            "occurred_at": st.integers(0, 10).map(lambda n: (date(2026, 3, 2) + timedelta(days=n)).isoformat()),
            "zone": st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]),
        }
    ),
)
ends = st.none() | instants.map(datetime.isoformat)
people, deputies = st.sampled_from(PEOPLE), st.sampled_from([None, *PEOPLE])
roles = st.sampled_from(["leading", *ROLES])
assignments = st.tuples(
    st.just("holder.assigned"), st.sampled_from(POSTS),
    st.fixed_dictionaries({"person": people, "role": roles, "unit": st.sampled_from([*UNITS, "bureau"]),
                           "acting": st.sampled_from([None, None, True]), "until": ends, "takes_over_from": deputies}),
)  # fmt: skip
others = st.one_of(
    st.tuples(st.just("holder.ended"), st.sampled_from(POSTS), st.fixed_dictionaries({"person": people})),
    st.tuples(st.just("post.established"), st.sampled_from(POSTS), st.fixed_dictionaries({"role": roles})),
    st.tuples(st.just("post.abolished"), st.sampled_from(POSTS), st.just({})),
    st.tuples(st.just("unit.placed"), st.sampled_from(TREE),
              st.fixed_dictionaries({"parent": st.sampled_from([None, *TREE])})),
    st.tuples(st.just("unit.dissolved"), st.sampled_from(TREE), st.just({})),
    st.tuples(st.just("leave.taken"), people, st.fixed_dictionaries(
        {"until": ends, "deputy": deputies, "post": st.sampled_from([None, None, *POSTS])})),
    st.tuples(st.just("leave.ended"), people, st.fixed_dictionaries({"post": st.sampled_from([None, *POSTS])})),
)  # fmt: skip
MODELS = {event.TYPE: event for event in organisation.DIRECTORY_EVENTS}


def made(type_: str, about: str, data: dict[str, Any], source: str, id: str, authority: str, issued: int = 0) -> Fact:
    """As it comes from intake."""
    recorded = {
        "submission": EventRef(source=source, id=id).model_dump(),
        "issued_at": (FIRST + timedelta(hours=issued)).isoformat(),
        "received_at": FIRST.isoformat(),
    }
    event = MODELS[type_].model_validate({k: v for k, v in data.items() if v is not None} | recorded)
    subject = aggregate_key(authority, about)
    return Received(f"{source}|{id}", "/duban/intake", type_, 1, subject, FIRST, 1, None, b""), event


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A few posts, people, units and instants, so that they collide."""
    type_, about, data = draw(st.one_of(assignments, assignments, others))
    source, id = draw(st.sampled_from(["/hr", "/party"])), str(draw(st.integers(0, 30)))
    return made(type_, about, draw(moments) | data, source, id, draw(st.sampled_from(AUTHORITIES)))


@st.composite
def corrected(draw: st.DrawFn, known: Sequence[Fact]) -> list[Fact]:
    """Some of the facts are corrected or taken back, and some of what does that, too."""
    all_of = list(known)
    for n in range(draw(st.integers(0, 4)) if known else 0):
        received, event = draw(st.sampled_from(all_of))
        assert isinstance(event, intake.Recorded)
        authority, _, about = received.subject.partition("/")
        data: dict[str, Any] = {"replaces": event.submission.model_dump()}
        if draw(st.booleans()):
            type_, _, said = draw(st.one_of(assignments, others))
            fact = {k: v for k, v in (draw(moments) | said).items() if v is not None}
            data["fact"] = {"type": type_, "data": fact}
        type_ = "fact.corrected" if "fact" in data else "fact.retracted"
        all_of.append(made(type_, about, data, "/hr", f"c{n}", authority, draw(st.integers(0, 3))))
    return all_of


def one_for_each_identity(known: Sequence[Fact]) -> list[Fact]:
    """Intake lets an identity in once."""
    return list({received.id: (received, event) for received, event in known}.values())


histories = st.lists(facts(), max_size=20).map(one_for_each_identity).flatmap(corrected)


def entries(known: Sequence[Fact]) -> list[Entry]:
    """As accountability holds it: one fold for each entry."""
    read = [accountability.fact_of(received, event, FIRST) for received, event in known]
    of: dict[tuple[str, str], list[Any]] = {}
    for fact in read:
        assert fact is not None
        of.setdefault(fact.post, []).append(fact)
    return [entry_of(of_one) for of_one in of.values()]


def named(known: Sequence[Fact]) -> Directory:
    found = entries(known)
    return Directory(
        [h for e in found for h in e.holdings],
        [p for e in found for p in e.places],
        [v for e in found for v in e.leaves],
    )


def warned(known: Sequence[Fact]) -> Warned:
    """As notification holds it: all facts, asked for an instant."""
    read = [notification.holder_fact(received, event) for received, event in known]
    return Warned(fact for fact in read if fact is not None)


@settings(max_examples=300)
@given(histories, st.lists(instants, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_both_hold_the_same_people_in_the_same_posts_at_every_instant(
    known: list[Fact], asked: list[datetime], random: Random
) -> None:
    arrived = [*known]
    random.shuffle(arrived)
    holdings = [holding for entry in entries(known) for holding in entry.holdings]
    told = warned(arrived)
    for at in asked:
        for authority in set(AUTHORITIES):
            assert {
                (h.post.post, h.person, h.role, h.unit, h.since)
                for h in holdings
                if h.covers(at) and h.post.authority == authority
            } == {(t.post, t.person, t.role, t.unit, t.since) for t in told.held(authority, at)}


def came(person: str, post: str) -> Fact:
    event = HolderAssigned(
        occurred_at=FIRST, person=person, role="leading", unit="roads",
        submission=EventRef(source="/hr", id=f"{person} {post}"), issued_at=FIRST, received_at=FIRST,
    )  # fmt: skip
    return Received(post, "/duban/intake", event.TYPE, 1, aggregate_key("licheng", post), FIRST, 1, None, b""), event


@settings(max_examples=300)
@given(
    histories, st.lists(instants, min_size=1, max_size=5), st.sampled_from(AUTHORITIES), st.sampled_from(UNITS),
)  # fmt: skip
@example([], [FIRST], "licheng", None)
@example([came("li", "window"), came("wang", "deputy")], [FIRST], "licheng", "roads")
@example([came("wang", "window"), came("li", "deputy")], [FIRST], "licheng", "roads")
def test_whom_a_warning_reaches_is_whom_a_case_would_address_at_that_instant(
    known: list[Fact], asked: list[datetime], authority: str, unit: str | None
) -> None:
    directory, told = named(known), warned(known)
    for at in asked:
        if unit is not None:
            assert directory.superiors(authority, unit, at) == told.superiors(authority, unit, at)
        proposal = attribute(authority, unit, None, at + TICK, "2026-03-10", "UTC", directory)
        to = addressee(LADDER, 0, proposal)
        assert reach(told, authority, unit, at) == Reach(to.person, to.role, to.skipped)


@pytest.mark.parametrize("type_", sorted(set(MODELS) - {"fact.corrected", "fact.retracted"}))
def test_both_read_every_type_of_the_directory(type_: str) -> None:
    assert type_ in accountability.KINDS
    assert type_ in notification.KINDS
