"""Whatever the order, the duplication and the cut into batches: the same cases stand, with the same people (I5, I8)."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.accountability import directory_store
from services.accountability.case_row import case_of
from services.accountability.rules.attribution import attribute
from services.accountability.rules.model import CaseKey, Held, Ref
from services.accountability.rules.named import Proposal
from shared.inbox import Message
from tests.support.case_world import (
    AUTHORITY,
    UNIT,
    World,
    assigned,
    delivered,
    ended,
    in_hands_of,
    missed,
    untrue,
)

FIRST = date(2026, 3, 2)
PEOPLE = st.sampled_from(["ann", "bo", "cy"])
days = st.integers(0, 12).map(lambda n: (FIRST + timedelta(days=n)).isoformat())


@st.composite
def words(draw: st.DrawFn) -> list[Message]:
    """What the deadline service says about up to three misses, each word with a revision of its own."""
    said: list[Message] = []
    for matter, due in (("M1", "2026-03-05"), ("M1", "2026-03-09"), ("M2", "2026-03-09")):
        for revision in range(1, draw(st.integers(0, 4)) + 1):
            if draw(st.booleans()):
                person = draw(st.none() | PEOPLE)
                unit = draw(st.sampled_from([UNIT, "roads"]))
                event = missed(matter, due, unit=unit, holdings=(in_hands_of(person, unit=unit),))
                said.append(delivered(event, revision=revision))
            else:
                said.append(delivered(untrue(matter, due), revision=revision))
    return said


@st.composite
def postings(draw: st.DrawFn) -> list[Message]:
    """Who came to and left which post."""
    known: list[Message] = []
    for n in range(draw(st.integers(0, 5))):
        post = draw(st.sampled_from(["window", "deputy", "deputy-2", "director"]))
        person, day = draw(PEOPLE), draw(days)
        role = {"window": "direct", "director": "principal"}.get(post, "leading")
        if draw(st.integers(0, 3)):
            unit = draw(st.sampled_from([UNIT, "roads", None]))
            known.append(delivered(assigned(person, role, day, unit=unit, id=f"f{n}"), post=post))
        else:
            known.append(delivered(ended(person, day, id=f"f{n}"), post=post))
    return known


def batches(messages: Sequence[Message], random: Random) -> list[list[Message]]:
    """Shuffled, some twice, in batches of some size."""
    shuffled = [*messages, *random.sample(messages, len(messages) // 2)]
    random.shuffle(shuffled)
    found: list[list[Message]] = []
    while shuffled:
        size = random.randint(1, 5)
        found.append(shuffled[:size])
        shuffled = shuffled[size:]
    return found


async def outcome(world: World, run: list[list[Message]]) -> tuple[dict[CaseKey, Any], list[Any]]:
    """What stands, with its people; and who held which post."""
    await world.clear()
    for batch in run:
        await world.feed(*batch)
    await consistent(world)
    rows = await world.conn.fetch("select * from cases where state = 'standing'")
    standing = {case.key: (stated(case.proposal), case.unit, case.held, case.miss) for case in map(case_of, rows)}
    holdings = await world.conn.fetch(
        "select post, since, until, person, role, unit from holdings order by post, since"
    )
    return standing, [tuple(row) for row in holdings]


def stated(proposal: Proposal) -> Proposal:
    """Who is named, by which rule, for which reason and on which facts. Since when it was known depends on when it was
    said: what is learned later and changes none of it is no reason to say it anew."""
    return tuple(each._replace(known_since=None) for each in proposal)


async def consistent(world: World) -> None:
    """What must hold after any run: events 1..n, the last attribution is the proposal, and a fresh attribution from
    all facts says the same."""
    for row in await world.conn.fetch("select * from cases"):
        case = case_of(row)
        kept = await world.conn.fetch(
            "select n, type, event_id from case_events where case_id = $1 order by n", case.key.case_id
        )
        assert [event["n"] for event in kept] == list(range(1, case.revision + 1))
        assert len({event["event_id"] for event in kept}) == len(kept)
        attributions = await world.conn.fetch(
            "select n, proposal from attributions where case_id = $1 order by n", case.key.case_id
        )
        assert [made["n"] for made in attributions] == list(range(1, case.attributions + 1))
        assert attributions[-1]["proposal"] == row["proposal"]
        if case.state == "standing":
            directory = await directory_store.directory_of(world.conn, [(AUTHORITY, case.unit)])
            fresh = attribute(AUTHORITY, case.unit, case.held, case.late_from, case.due, case.zone, directory)
            assert stated(fresh) == stated(case.proposal)
    sent = await world.conn.fetchval("select count(*) from outbox")
    assert sent == await world.conn.fetchval("select count(*) from case_events")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=words(), known=postings(), random=st.randoms(use_true_random=False))
async def test_order_duplicates_and_batches_change_nothing(
    world: World, said: list[Message], known: list[Message], random: Random
) -> None:
    in_order = await outcome(world, [known, said])
    assert await outcome(world, batches([*said, *known], random)) == in_order
    assert await outcome(world, [[message] for message in reversed([*known, *said])]) == in_order


async def test_the_last_word_of_each_miss_decides(world: World) -> None:
    messages = [
        delivered(missed("M1"), revision=1), delivered(untrue("M1"), revision=2),
        delivered(missed("M2"), revision=1), delivered(untrue("M2"), revision=2), delivered(missed("M2"), revision=3),
    ]  # fmt: skip
    standing, _ = await outcome(world, [messages[::-1]])
    ((key, (_, _, held, miss)),) = standing.items()
    assert key.matter == "M2"
    assert isinstance(held, Held) and isinstance(miss, Ref) and miss.id.endswith("|3")
