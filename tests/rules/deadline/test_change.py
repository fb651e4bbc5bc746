"""Which events a change publishes: each of them once, in order, with what caused it, and valid by its model."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings

from services.deadline.publish import messages
from shared.clock import Moment
from shared.events.deadline import ClockEvent
from shared.inbox import Message
from shared.reading import read
from tests.support.deadline_facts import AFTER, CLOSE, DECIDE, FIRST, INSTANTS, LONGER, fact_of, histories
from tests.support.deadline_life import Life
from tests.support.deadline_oracle import Entry, Rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = FIRST + 3 * DAY
"""Where DECIDE, two working days from a Monday, is late."""


def entry(name: str, type_: str, at: datetime, **more: Any) -> Entry:
    return Entry(("/a", name), type_, at, more.pop("issued", at), **more)


def registered(*rules: Rule, at: datetime = FIRST, **more: Any) -> Entry:
    return entry("r", "matter.registered", at, unit="u1", person="p1", item="licence", rules=rules, **more)


def retracted(name: str, about: str, issued: datetime) -> Entry:
    return entry(name, "fact.retracted", issued, about=("/a", about))


def live(*steps: Sequence[Entry] | datetime) -> Life:
    """Entries arrive at the instant before them; an instant is a sweep."""
    life, now = Life(), FIRST
    for step in steps:
        if isinstance(step, datetime):
            now = step
            life.sweep(now, now)
        else:
            life.receive([fact_of(each) for each in step], now, now)
    return life


def told(life: Life) -> list[str]:
    return [change.type.removeprefix("deadline.") for _, change in life.published]


def last(life: Life) -> Mapping[str, Any]:
    return life.published[-1][1].says


def test_a_clock_is_scheduled_warned_and_missed_and_its_late_end_told_once() -> None:
    closed = entry("c", "matter.closed", LATE + HOUR)
    life = live([registered(DECIDE)], LATE - 2 * DAY, LATE, [closed], LATE + 2 * HOUR, LATE + DAY)
    assert told(life) == ["scheduled", "warned", "missed", "stopped_late"]
    assert life.published[-1][1].cause == "event-/a-c"


def test_an_alarm_fires_at_its_very_instant_and_not_again() -> None:
    life = live([registered(DECIDE)], LATE - 2 * DAY, LATE - 2 * DAY, LATE - DAY, LATE, LATE, LATE + HOUR)
    assert told(life) == ["scheduled", "warned", "missed"]


def test_of_two_warnings_that_passed_unseen_only_the_last_is_told() -> None:
    life = live([registered(LONGER)], FIRST + 10 * DAY)
    assert told(life) == ["scheduled", "warned"]
    assert last(life)["warning"] == "1d"


def test_a_completion_learned_late_takes_the_miss_back_and_says_why() -> None:
    life = live([registered(DECIDE)], LATE + DAY, [entry("c", "matter.decided", LATE - HOUR)])
    assert told(life)[-3:] == ["missed", "withdrawn", "met"]
    withdrawn = life.published[-2][1]
    assert (withdrawn.says["reason"], withdrawn.cause) == ("met", "event-/a-c")


def test_a_completion_at_the_first_late_instant_is_late() -> None:
    assert told(live([registered(DECIDE)], LATE, [entry("c", "matter.decided", LATE)]))[-1] == "stopped_late"
    kept = entry("c", "matter.decided", LATE - timedelta(microseconds=1))
    assert told(live([registered(DECIDE)], LATE, [kept]))[-1] == "met"


def test_a_retracted_late_end_is_told() -> None:
    closed = entry("c", "matter.closed", LATE + HOUR)
    life = live([registered(DECIDE), closed], LATE + DAY, [retracted("x", "c", LATE + DAY)])
    assert told(life) == ["scheduled", "missed", "stopped_late", "missed"]
    assert life.rows["decide", ""].revision == 4
    life.receive([fact_of(entry("d", "matter.closed", LATE + 2 * HOUR))], LATE + DAY, LATE + DAY)
    assert (told(life)[4:], last(life)["done_at"]) == (["stopped_late"], (LATE + 2 * HOUR).isoformat())


def test_a_late_end_stands_after_a_miss_that_is_told_again() -> None:
    closed = entry("c", "matter.closed", LATE + HOUR)
    given = entry("h", "matter.assigned", LATE - DAY, person="p2")
    life = live([registered(DECIDE), closed], LATE + DAY, [given])
    assert told(life) == ["scheduled", "missed", "stopped_late", "missed", "stopped_late"]


def test_a_withdrawal_before_the_due_voids_the_miss_and_one_after_it_leaves_it() -> None:
    before = live([registered(DECIDE)], LATE + DAY, [entry("w", "matter.withdrawn", LATE - HOUR)])
    assert told(before)[-2:] == ["withdrawn", "voided"]
    assert [c.says["reason"] for _, c in before.published[-2:]] == ["voided", "withdrawn"]
    assert told(live([registered(DECIDE)], LATE + DAY, [entry("w", "matter.withdrawn", LATE)]))[-1] == "stopped_late"


def test_other_hands_before_the_due_republish_the_miss_and_later_ones_do_not() -> None:
    given = entry("h", "matter.assigned", LATE - DAY, person="p2")
    life = live([registered(DECIDE)], LATE + DAY, [given], [entry("i", "matter.assigned", LATE, person="p3")])
    assert told(life) == ["scheduled", "missed", "missed"]
    assert [(held["person"], held.get("until")) for held in last(life)["holdings"]] == [
        ("p1", given.at.isoformat()),
        ("p2", None),
    ]
    life.receive([fact_of(entry("j", "matter.transferred", LATE - HOUR, unit="u2"))], LATE + DAY, LATE + DAY)
    assert (told(life).count("missed"), last(life)["unit"]) == (3, "u2")


def test_a_registration_that_comes_again_hands_nothing_over() -> None:
    given = entry("h", "matter.assigned", FIRST + HOUR, person="p2")
    again = entry("s", "matter.registered", FIRST + DAY, unit="u3", item="licence", rules=(CLOSE,))
    life = live([registered(DECIDE)], [given, again], LATE)
    assert [holding.get("person") for holding in last(life)["holdings"]] == ["p1", "p2"]
    assert {name for name, _ in life.rows} == {"decide"}


def test_a_registration_takes_nothing_out_of_hands_that_had_it_before() -> None:
    given = entry("h", "matter.assigned", FIRST - DAY, person="p2")
    life = live([given, registered(DECIDE)], LATE)
    assert [(held["since"], held["unit"], held["person"]) for held in last(life)["holdings"]] == [
        (given.at.isoformat(), "u1", "p2")
    ]
    given = entry("h", "matter.transferred", FIRST - DAY, unit="u2")
    assigned = entry("i", "matter.assigned", FIRST + DAY, person="p3")
    life = live([given, assigned, registered(DECIDE)], LATE)
    assert [(held["unit"], held.get("person")) for held in last(life)["holdings"]] == [("u2", None), ("u2", "p3")]
    assert last(life)["unit"] == "u2"


def test_at_one_instant_the_registration_comes_before_the_hand_over() -> None:
    life = live([entry("h", "matter.assigned", FIRST, person="p2"), registered(DECIDE)], LATE)
    assert [(held["unit"], held["person"]) for held in last(life)["holdings"]] == [("u1", "p2")]


def test_who_refused_or_finished_a_stage_does_not_have_the_matter() -> None:
    acts = [entry(type_, type_, FIRST + HOUR, unit="u9", person="p9") for type_ in ("matter.refused", "stage.finished")]
    life = live([registered(DECIDE), *acts], LATE)
    assert [(held["unit"], held["person"]) for held in last(life)["holdings"]] == [("u1", "p1")]


def test_a_miss_stays_small_whatever_its_history() -> None:
    minutes = [FIRST + n * timedelta(minutes=1) for n in range(1, 901)]
    given = [entry(str(n), "matter.assigned", at, person=f"{'人' * 190}{n}") for n, at in enumerate(minutes)]
    life = live([registered(DECIDE), *given], LATE)
    assert told(life)[-1] == "missed"
    told_last = [held["person"].strip("人") for held in last(life)["holdings"]]
    assert told_last == [str(n) for n in range(880, 900)]
    assert len(orjson.dumps(last(life))) < 20_000
    back = entry("x", "matter.assigned", FIRST + timedelta(minutes=30, seconds=30), person="p2")
    life.receive([fact_of(back)], LATE, LATE)
    assert told(life).count("missed") == 1, "a change further back than what is told tells nobody anything"
    late = entry("y", "matter.assigned", LATE - HOUR, person="p3")
    life.receive([fact_of(late)], LATE, LATE)
    assert (told(life).count("missed"), last(life)["holdings"][-1]["person"]) == (2, "p3")


def test_a_moved_due_withdraws_the_miss_and_is_warned_of_anew() -> None:
    moved = entry("m", "limits.changed", FIRST + HOUR, item="filing", rules=(LONGER,))
    life = live([registered(DECIDE)], LATE + DAY, [moved])
    assert told(life)[-2:] == ["withdrawn", "rescheduled"]
    assert (life.published[-2][1].says["reason"], last(life)["previous_due"]) == ("due-moved", "2026-03-04")
    assert [change.cause for _, change in life.published[-2:]] == ["event-/a-m", "event-/a-m"]
    life.sweep(FIRST + 60 * DAY, FIRST + 60 * DAY)
    assert told(life)[-1] == "missed"


def test_what_moves_a_due_is_its_cause_even_where_the_matter_is_done() -> None:
    done = entry("c", "matter.decided", LATE + DAY)
    moved = entry("m", "limits.changed", FIRST, item="filing", rules=(LONGER,))
    life = live([registered(DECIDE), done], LATE + 2 * DAY, [moved])
    assert [(c.type, c.cause) for _, c in life.published if c.type.endswith(("withdrawn", "rescheduled", "met"))] == [
        ("deadline.withdrawn", "event-/a-m"),
        ("deadline.rescheduled", "event-/a-m"),
        ("deadline.met", "event-/a-c"),
    ]
    assert [fact["id"] for fact in life.published[-3][1].says["facts"]] == ["m", "r"]


def test_a_correction_that_moves_a_start_is_the_cause() -> None:
    earlier = registered(DECIDE, at=FIRST - DAY)
    corrected = entry("x", "fact.corrected", FIRST, about=("/a", "r"), instead=earlier)
    life = live([registered(DECIDE)], [corrected], [retracted("y", "x", FIRST)])
    moves = [change for _, change in life.published if change.type == "deadline.rescheduled"]
    assert [change.cause for change in moves] == ["event-/a-x", "event-/a-r"]


def test_the_same_warning_of_another_due_is_another_warning() -> None:
    shorter = Rule("decide", DECIDE.zone, DECIDE.starts, DECIDE.stops, 60, "h", warn_days=(1,))
    longer = Rule("decide", DECIDE.zone, DECIDE.starts, DECIDE.stops, 66, "h", warn_days=(1,))
    changed = entry("m", "limits.changed", FIRST, rules=(longer,))
    life = live([registered(shorter, at=FIRST + 4 * HOUR)], FIRST + 2 * DAY, [changed])
    assert told(life) == ["scheduled", "warned", "rescheduled", "warned"]


def test_a_retracted_registration_takes_everything_back_and_a_new_one_goes_on_counting_revisions() -> None:
    again = entry("s", "matter.registered", FIRST, unit="u1", item="licence", rules=(DECIDE,))
    life = live([registered(DECIDE)], LATE, [retracted("x", "r", LATE)], [again])
    assert told(life)[-4:] == ["withdrawn", "voided", "scheduled", "missed"]
    assert life.published[-3][1].says["reason"] == "registration-retracted"
    assert life.rows["decide", ""].revision == len(life.published)


def test_a_replaced_limit_and_a_verdict_without_its_matter_are_voided() -> None:
    other = entry("m", "limits.changed", FIRST, item="petition", rules=(CLOSE,))
    life = live([registered(DECIDE)], [entry("c", "matter.decided", FIRST)], [other])
    assert [(k[0], c.type, c.says.get("reason")) for k, c in life.published[-2:]] == [
        ("close", "deadline.scheduled", None),
        ("decide", "deadline.voided", "limit-removed"),
    ]


def test_a_retracted_start_leaves_no_due_standing() -> None:
    accepted = entry("a", "matter.accepted", FIRST)
    life = live([registered(AFTER), accepted], FIRST + 3 * DAY, [retracted("x", "a", FIRST + 3 * DAY)])
    assert told(life) == ["scheduled", "missed", "withdrawn", "voided"]
    life.receive([fact_of(entry("b", "matter.accepted", FIRST + 3 * DAY))], FIRST + 3 * DAY, FIRST + 3 * DAY)
    assert told(life)[-1] == "scheduled"


def test_only_a_stop_after_the_last_reopening_counts() -> None:
    types = ("matter.closed", "matter.reopened", "matter.decided", "matter.reopened", "matter.decided")
    steps = [entry(str(n), type_, FIRST + n * HOUR) for n, type_ in enumerate(types)]
    ends = [live([registered(DECIDE), *steps[:upto]], FIRST + 9 * HOUR).rows["decide", ""] for upto in range(1, 6)]
    assert [row.state.value for row in ends] == ["met", "running", "met", "running", "met"]
    assert ends[-1].done_at == steps[-1].at
    without = live([registered(DECIDE), *steps, retracted("x", "3", FIRST)], FIRST + 9 * HOUR).rows["decide", ""]
    assert without.done_at == steps[2].at, "the reopening that stands last is the first one"


def test_a_reopening_after_the_due_makes_the_miss_true() -> None:
    closed = entry("c", "matter.closed", FIRST + HOUR)
    life = live([registered(DECIDE), closed], LATE + DAY, [entry("o", "matter.reopened", LATE + HOUR)])
    assert told(life) == ["scheduled", "met", "scheduled", "missed"]


@settings(max_examples=60, deadline=None)
@given(histories(), INSTANTS)
def test_every_change_is_a_message_that_our_own_consumers_read(history: list[Entry], now: datetime) -> None:
    life = Life()
    life.receive([fact_of(each) for each in history], FIRST, FIRST)
    life.sweep(now, now)
    for key, row in life.rows.items():
        changes = [change for heard, change in life.published if heard == key]
        sent = messages(("机关", "2017/1"), row, changes, Moment(now.astimezone(UTC), now.astimezone(UTC)))
        batch = [
            Message(m.topic, 0, n, m.key.encode(), m.body, tuple(
                (name, value.encode()) for name, value in orjson.loads(m.headers).items()
            ))
            for n, m in enumerate(sent)
        ]  # fmt: skip
        events = read(batch, lambda type_: None)
        assert [received.revision for received, _ in events] == list(range(1, row.revision + 1))
        assert [received.type for received, _ in events] == [change.type for change in changes]
        assert [received.causation for received, _ in events] == [change.cause for change in changes]
        assert len({received.id for received, _ in events}) == len(events)
        for _, event in events:
            assert isinstance(event, ClockEvent)
            assert (event.clock, event.subject) == key
