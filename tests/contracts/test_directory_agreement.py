"""Two services fold the directory by themselves, for they may not import each other: whom a warning reaches and whom a
case names must be the same people, at every instant, whatever the facts and their order of arrival."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.accountability import reading as accountability
from services.accountability.rules.attribution import attribute
from services.accountability.rules.directory import Directory, PostHolding, fold
from services.accountability.rules.ladder import TICK, addressee
from services.accountability.rules.model import ROLES, Rung
from services.notification import reading as notification
from services.notification.rules.directory import Reach, Tenure, reach, tenures
from shared.events.base import EventRef, aggregate_key
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned, HolderEnded

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
AUTHORITIES, UNITS = ("licheng", "licheng", "licheng", "fengze"), ("licensing", "licensing", None, "roads")
"""The first is likely: so that several hold the same role at once."""
LADDER = (Rung(0, "direct", None), Rung(1, "leading", "1wd"), Rung(2, "principal", "5wd"))
Fact = tuple[Received, HolderAssigned | HolderEnded]

instants = st.builds(lambda hours, ticks: FIRST + timedelta(hours=6 * hours) + ticks * TICK, st.integers(0, 40),
                     st.integers(-1, 1))  # fmt: skip
moments = st.one_of(
    instants.map(lambda at: (at, None)),
    st.tuples(
        st.integers(0, 10).map(lambda n: date(2026, 3, 2) + timedelta(days=n)),
        st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]),
    ),
)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A few posts, people and instants, so that they collide."""
    occurred_at, zone = draw(moments)
    person = draw(st.sampled_from(["li", "wang", "zhao"]))
    submission = EventRef(source=draw(st.sampled_from(["/hr", "/party"])), id=str(draw(st.integers(0, 30))))
    event: HolderAssigned | HolderEnded
    if draw(st.integers(0, 3)):
        event = HolderAssigned(
            occurred_at=occurred_at, zone=zone, person=person, role=draw(st.sampled_from(["leading", *ROLES])),
            unit=draw(st.sampled_from(UNITS)), submission=submission, issued_at=FIRST, received_at=FIRST,
        )  # fmt: skip
    else:
        event = HolderEnded(
            occurred_at=occurred_at, zone=zone, person=person, submission=submission, issued_at=FIRST, received_at=FIRST
        )
    subject = aggregate_key(draw(st.sampled_from(AUTHORITIES)), draw(st.sampled_from(["window", "deputy", "director"])))
    id = f"{submission.source}|{submission.id}"
    return Received(id, "/duban/intake", event.TYPE, 1, subject, FIRST, 1, None, b""), event


def named(known: Sequence[Fact]) -> list[PostHolding]:
    """As accountability holds it: one fold for each post."""
    read = [accountability.fact_of(received, event, FIRST) for received, event in known]
    posts = sorted({fact.post for fact in read})
    return [holding for post in posts for holding in fold([fact for fact in read if fact.post == post])]


def warned(known: Sequence[Fact]) -> dict[tuple[str, str | None], Sequence[Tenure]]:
    """As notification holds it: one fold of all."""
    return dict(tenures([notification.holder_fact(received, event) for received, event in known]))


def one_for_each_identity(known: Sequence[Fact]) -> list[Fact]:
    """Intake lets an identity in once."""
    return list({received.id: (received, event) for received, event in known}.values())


@settings(max_examples=300)
@given(st.lists(facts(), max_size=20).map(one_for_each_identity), st.randoms(use_true_random=False))
def test_both_hold_the_same_people_in_the_same_posts_at_the_same_times(known: list[Fact], random: Random) -> None:
    arrived = [*known]
    random.shuffle(arrived)
    of_accountability = {
        (h.post.authority, h.post.post, h.person, h.role, h.unit, h.since, h.until) for h in named(known)
    }
    of_notification = {
        (t.authority, t.post, t.person, t.role, t.unit, t.since, t.until)
        for held in warned(arrived).values()
        for t in held
    }
    assert of_accountability == of_notification


def came(person: str, post: str) -> Fact:
    event = HolderAssigned(
        occurred_at=FIRST, person=person, role="leading", unit="roads",
        submission=EventRef(source="/hr", id=f"{person} {post}"), issued_at=FIRST, received_at=FIRST,
    )  # fmt: skip
    return Received(post, "/duban/intake", event.TYPE, 1, aggregate_key("licheng", post), FIRST, 1, None, b""), event


@settings(max_examples=300)
@given(
    st.lists(facts(), max_size=20).map(one_for_each_identity), st.lists(instants, min_size=1, max_size=5),
    st.sampled_from(AUTHORITIES), st.sampled_from(UNITS),
)  # fmt: skip
@example([], [FIRST], "licheng", None)
@example([came("li", "window"), came("wang", "deputy")], [FIRST], "licheng", "roads")
@example([came("wang", "window"), came("li", "deputy")], [FIRST], "licheng", "roads")
def test_whom_a_warning_reaches_is_whom_a_case_would_address_at_that_instant(
    known: list[Fact], asked: list[datetime], authority: str, unit: str | None
) -> None:
    directory, by_unit = Directory(named(known)), warned(known)
    for at in asked:
        proposal = attribute(authority, unit, None, at + TICK, "2026-03-10", "UTC", directory)
        to = addressee(LADDER, 0, proposal)
        assert reach(by_unit, authority, unit, at) == Reach(to.person, to.role, to.skipped)
