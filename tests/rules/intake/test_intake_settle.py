"""Identity decides what a batch adds: laws over every order, split and repetition of the same events."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.judge import Accepted, Submission
from services.intake.rules.refusal import Refused, refused
from services.intake.rules.settle import (
    Aggregate,
    Duplicate,
    Entered,
    Identity,
    Known,
    Settled,
    aggregate_of,
    settle,
)

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
Judged = tuple[Submission, Accepted | Refused, str]


@st.composite
def judged(draw: st.DrawFn) -> Judged:
    """One of few identities, bodies and matters, so that they meet."""
    source, id_ = draw(st.sampled_from("AB")), draw(st.sampled_from("123"))
    name, body = draw(st.sampled_from("xy")), draw(st.sampled_from([b"p", b"q"]))
    digest = name.encode() + body
    s = Submission(source, id_, "matter.closed", 1, "a", name, f"a/{name}", NOW, {}, None, None, "{}", digest)
    event = f"{source}{id_}"
    if draw(st.integers(0, 4)) == 0:
        return s, refused("unknown-item", "/data/item", "is none"), event
    return s, Accepted(s, "matter-events", "matter.closed", None, None, NOW), event


def run(batches: list[list[Judged]]) -> list[Settled]:
    """Batches one after the other, as the service keeps them."""
    known: dict[Identity, Known] = {}
    revisions: dict[Aggregate, int] = {}
    settled: list[Settled] = []
    for batch in batches:
        outcome = settle(batch, known, revisions)
        for each in outcome:
            if isinstance(each, Entered):
                s = each.accepted.submission
                known[s.identity] = Known(s.digest, each.event, each.accepted.topic, s.subject)
                revisions[aggregate_of(each.accepted)] = each.revision
        settled += outcome
    return settled


def kind(each: Settled) -> tuple[str, object]:
    match each:
        case Entered():
            return "entered", (each.event, each.revision)
        case Duplicate():
            return "duplicate", each.event
        case Refused():
            return "refused", each.reasons[0].code


@given(st.lists(judged(), max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_how_events_are_cut_into_batches_changes_nothing(events: list[Judged], cuts: list[int]) -> None:
    edges = sorted({0, *(min(cut, len(events)) for cut in cuts), len(events)})
    batches = [events[a:b] for a, b in pairwise(edges)]
    assert list(map(kind, run([events]))) == list(map(kind, run(batches)))


@given(st.lists(judged(), max_size=30))
def test_identity_enters_once_and_revisions_have_no_gaps(events: list[Judged]) -> None:
    entered = [each for each in run([events]) if isinstance(each, Entered)]
    identities = [each.accepted.submission.identity for each in entered]
    assert len(set(identities)) == len(identities)
    for name in "xy":
        revisions = [each.revision for each in entered if each.accepted.submission.name == name]
        assert revisions == list(range(1, len(revisions) + 1))


@given(st.lists(judged(), max_size=20))
def test_sending_all_again_adds_nothing(events: list[Judged]) -> None:
    again = run([events, events])[len(events) :]
    assert not [each for each in again if isinstance(each, Entered)]


@given(st.lists(judged(), max_size=20))
def test_refusal_leaves_its_neighbours_as_they_are(events: list[Judged]) -> None:
    def entered(of: list[Judged]) -> list[tuple[str, object]]:
        return [kind(each) for each in run([of]) if isinstance(each, Entered)]

    assert entered(events) == entered([each for each in events if isinstance(each[1], Accepted)])
