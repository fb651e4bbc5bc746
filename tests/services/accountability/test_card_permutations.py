"""Whatever the order, the duplication and the cut into batches: the same cards stand (I1, I8, R22)."""

from collections import Counter
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events.base import Event
from shared.inbox import Message
from tests.support.card_words import STATUTORY, deemed, deemed_revoked, overdue, warned
from tests.support.case_world import LIMIT, World, delivered, in_hands_of, missed, untrue

DUES = ("2026-03-05", "2026-03-31")
RED = {"promised": LIMIT, "statutory": STATUTORY}
Standing = set[tuple[str, ...]]


@st.composite
def words(draw: st.DrawFn) -> list[Message]:
    """What may be said of some limits, each word with a revision of its own: also what no sane service would say."""
    said: list[Message] = []
    for matter in ("M1", "M2", "M3", "M4", "M5"):
        clock = draw(st.sampled_from(["promised", "promised", "statutory"]))
        for revision in range(1, draw(st.integers(0, 5)) + 1):
            due = draw(st.sampled_from(DUES))
            person = draw(st.sampled_from(["ann", "ann", "bo", None]))
            hands = (in_hands_of(person, since="2026-03-01"),)
            event: Event = draw(
                st.sampled_from(
                    [
                        missed(matter, due, clock=clock, limit=RED[clock], holdings=hands),
                        missed(matter, due, clock=clock, limit=RED[clock], holdings=hands),
                        untrue(matter, due, clock=clock),
                        warned(draw(st.sampled_from(["25%", "5wd", "1wd"])), matter, due, person=person, clock=clock),
                        overdue(draw(st.sampled_from(["3wd", "5wd"])), matter, due, clock=clock),
                        deemed(matter, due, clock=clock),
                        deemed_revoked(matter, due, clock=clock),
                    ]
                )
            )
            said.append(delivered(event, revision=revision))
    return said


def batches(messages: list[Message], random: Random) -> list[list[Message]]:
    """Shuffled, some twice, in batches of some size."""
    shuffled = [*messages, *random.sample(messages, len(messages) // 2)]
    random.shuffle(shuffled)
    found: list[list[Message]] = []
    while shuffled:
        size = random.randint(1, 6)
        found.append(shuffled[:size])
        shuffled = shuffled[size:]
    return found


async def outcome(world: World, run: list[list[Message]]) -> Standing:
    """What stands, by all that a card says of itself but its number of events."""
    await world.clear()
    for batch in run:
        await world.feed(*batch)
    await consistent(world)
    rows = await world.conn.fetch("select * from cards where revoked_at is null")
    return {
        tuple(str(row[name]) for name in (
            "card_id", "matter", "clock", "rule", "level", "grounds", "counted", "person", "unit", "due", "rulebook",
        ))
        for row in rows
    }  # fmt: skip


async def consistent(world: World) -> None:
    """What must hold after any run: one card for each limit, rule and level, with events 1..n that end in what it is;
    no person has two red cards for one quarter's yellow ones."""
    rows = await world.conn.fetch("select * from cards")
    assert (
        max(Counter((r["matter"], r["clock"], r["subject"], r["rule"], r["level"]) for r in rows).values(), default=1)
        == 1
    )
    for row in rows:
        kept = await world.conn.fetch("select n, type from case_events where case_id = $1 order by n", row["card_id"])
        assert [event["n"] for event in kept] == list(range(1, row["revision"] + 1))
        assert kept[0]["type"] == "card.issued"
        assert kept[-1]["type"] == ("card.issued" if row["revoked_at"] is None else "card.revoked")
    standing = [row for row in rows if row["revoked_at"] is None]
    yellow = Counter((row["person"], row["quarter"]) for row in standing if row["level"] == "yellow" and row["person"])
    red = Counter((row["person"], row["quarter"]) for row in standing if row["rule"] == "repetition")
    assert red == Counter({account: 1 for account, count in yellow.items() if count >= 3})
    ids = await world.conn.fetch("select event_id from outbox")
    assert len({row["event_id"] for row in ids}) == len(ids)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=words(), random=st.randoms(use_true_random=False))
async def test_order_duplicates_and_batches_change_no_card_that_stands(
    world: World, said: list[Message], random: Random
) -> None:
    in_order = await outcome(world, [said])
    assert await outcome(world, batches(said, random)) == in_order
    assert await outcome(world, [[message] for message in reversed(said)]) == in_order
