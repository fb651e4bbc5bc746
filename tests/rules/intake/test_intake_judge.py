"""The judgement of one submission, pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.catalogue import Catalogue, Item, ItemVersion, Limit, RecordedTerms
from services.intake.rules.facts import Fact
from services.intake.rules.judge import Accepted, Margins, Submission, judge
from services.intake.rules.order import business_order
from services.intake.rules.refusal import Refused

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MARGINS = Margins(timedelta(minutes=5), timedelta(days=730))
STOPS = ("matter.decided", "matter.closed")


def limit(amount: str) -> Limit:
    return Limit(
        "decision", amount, None, "day0", "none", "Asia/Shanghai", None, "CN", ("matter.registered",), STOPS, (), "?"
    )


def version(day: date, *amounts: str, required: bool = False) -> ItemVersion:
    terms = RecordedTerms("Asia/Shanghai", "CN", ("matter.registered",), STOPS, ("25%",), required)
    return ItemVersion(f"licence@{day}", day, tuple(map(limit, amounts)), terms)


VERSIONS = tuple(version(date(year, 1, 1), f"{year - 2000}wd") for year in (2024, 2025, 2026))
LICENCE = Item("licence", {"en": "Licence"}, "Asia/Shanghai", "CN", VERSIONS)
PROMISE = Item("promise", {}, "Asia/Shanghai", "CN", (version(date(1900, 1, 1), required=True),))
CATALOGUE = Catalogue({"licence": LICENCE, "promise": PROMISE}, "CN", ("matter.registered",), STOPS)


def submission(type_: str = "matter.submitted", issued_at: datetime = NOW, **changes: Any) -> Submission:
    fields = {"occurred_at": NOW, "zone": None, "item": "licence", "due": None, "data": {}, **changes}
    return Submission("/s", "1", type_, 1, "a", "m", "a/m", issued_at, {}, Fact(type=type_, **fields), None, "{}", b"")


def codes(judged: Accepted | Refused) -> list[str]:
    return [] if isinstance(judged, Accepted) else [reason.code for reason in judged.reasons]


@given(
    ahead=st.timedeltas(min_value=timedelta(days=-40000), max_value=timedelta(days=3000)),
    type_=st.sampled_from(["matter.closed", "holder.assigned"]),
)
def test_fact_enters_exactly_when_it_is_within_its_margin(ahead: timedelta, type_: str) -> None:
    judged = judge(submission(type_, occurred_at=NOW + ahead), CATALOGUE, NOW, MARGINS)
    margin = MARGINS.holders if type_ == "holder.assigned" else MARGINS.facts
    assert codes(judged) == (["in-the-future"] if ahead > margin else [])


@pytest.mark.parametrize("source", ["/duban", "/duban/", "/duban/accountability", "/duban/anything/below"])
def test_sources_of_our_own_services_are_reserved(source: str) -> None:
    refusal = judge(submission()._replace(source=source), CATALOGUE, NOW, MARGINS)
    assert isinstance(refusal, Refused)
    assert [(reason.code, reason.pointer) for reason in refusal.reasons] == [("reserved-source", "/source")]


@pytest.mark.parametrize("source", ["/dubanish", "/licheng/duban", "duban", "https://duban.example/duban/intake"])
def test_sources_that_only_look_like_ours_are_not_reserved(source: str) -> None:
    assert isinstance(judge(submission()._replace(source=source), CATALOGUE, NOW, MARGINS), Accepted)


@pytest.mark.parametrize("fact", [None, submission("matter.closed").fact])
def test_nobody_corrects_or_retracts_a_fact_of_our_own_services(fact: Fact | None) -> None:
    type_ = "fact.retracted" if fact is None else "fact.corrected"
    said = submission()._replace(type=type_, fact=fact, replaces=("/duban/accountability", "c45e0001"))
    refusal = judge(said, CATALOGUE, NOW, MARGINS)
    assert isinstance(refusal, Refused)
    assert [(r.code, r.pointer) for r in refusal.reasons] == [("reserved-source", "/data/replaces/source")]


@given(days=st.integers(-20000, 3), zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"]))
def test_day_enters_from_its_first_instant_on(days: int, zone: str) -> None:
    day = NOW.date() + timedelta(days=days)
    judged = judge(submission("matter.closed", occurred_at=day, zone=zone), CATALOGUE, NOW, MARGINS)
    assert codes(judged) == (["in-the-future"] if days > 0 else [])


def test_day_that_begins_elsewhere_first_enters_there_first() -> None:
    evening = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
    tomorrow = date(2026, 3, 7)
    for zone, expected in (("Asia/Shanghai", []), ("America/New_York", ["in-the-future"])):
        judged = judge(submission("matter.closed", occurred_at=tomorrow, zone=zone), CATALOGUE, evening, MARGINS)
        assert codes(judged) == expected


def test_sending_time_from_the_future_would_win_every_correction() -> None:
    judged = judge(submission(issued_at=NOW + timedelta(minutes=6)), CATALOGUE, NOW, MARGINS)
    assert isinstance(judged, Refused)
    assert [(reason.code, reason.pointer) for reason in judged.reasons] == [("in-the-future", "/time")]


@given(st.dates(date(2024, 1, 1), date(2026, 3, 6)))
def test_version_in_force_is_the_latest_that_began(day: date) -> None:
    judged = judge(submission(occurred_at=day, zone="Asia/Shanghai"), CATALOGUE, NOW, MARGINS)
    assert isinstance(judged, Accepted)
    assert judged.stamp is not None
    assert judged.stamp.version is VERSIONS[day.year - 2024]


def test_every_reason_is_given_at_once() -> None:
    later = NOW + timedelta(hours=1)
    judged = judge(submission(issued_at=later, occurred_at=later, item="moon"), CATALOGUE, NOW, MARGINS)
    assert codes(judged) == ["in-the-future", "in-the-future", "unknown-item"]


def test_registration_is_published_as_registered_and_a_holder_in_the_directory() -> None:
    registered = judge(submission(), CATALOGUE, NOW, MARGINS)
    holder = judge(submission("holder.ended", item=None), CATALOGUE, NOW, MARGINS)
    assert isinstance(registered, Accepted)
    assert isinstance(holder, Accepted)
    assert (registered.topic, registered.type) == ("matter-events", "matter.registered")
    assert (holder.topic, holder.type, holder.stamp) == ("directory-events", "holder.ended", None)


@pytest.mark.parametrize("due", [date(2026, 5, 1), datetime(2026, 5, 1, 17, tzinfo=UTC)])
def test_stated_due_may_lie_ahead_and_is_kept_as_it_is(due: date) -> None:
    judged = judge(submission(item="promise", due=due), CATALOGUE, NOW, MARGINS)
    assert isinstance(judged, Accepted)
    assert judged.stamp is not None
    assert judged.stamp.recorded is not None
    assert (judged.stamp.recorded.at, judged.stamp.recorded.warnings) == (due, ("25%",))


def test_business_order_is_registration_then_stops_then_the_rest() -> None:
    types = ["matter.assigned", "matter.closed", "matter.submitted"]
    ordered = sorted(types, key=lambda type_: business_order(type_, NOW, "/s", "1"))
    assert ordered == ["matter.submitted", "matter.closed", "matter.assigned"]
