"""An explanation holds everything a reader needs to check a due with a wall calendar, and its texts say the same."""

import json
import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.explanation_texts import text_en, text_zh
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.course import Course
from services.deadline.rules.explain import UNIT_NAMES, explanation
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule, Unit

ZONE = "Asia/Shanghai"
CALENDAR = Calendar(
    code="CN",
    version="CN-2026.abc",
    zone=ZONE,
    weekend=frozenset({5, 6}),
    rest_days={
        date(2026, 5, 1): "Labour Day 劳动节",
        date(2026, 5, 4): "Labour Day 劳动节",
        date(2026, 5, 5): "day off",
    },
    work_days={date(2026, 5, 9): "make-up workday 班"},
    covers=(2020, 2040),
    published=(2020, 2026),
)


def explained(amount: str | None, start: str = "2026-04-29", **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "clock": "decide",
        "amount": Amount.parse(amount) if amount else None,
        "at": None,
        "start_rule": StartRule.DAY0,
        "roll": Roll.NONE,
        "zone": ZONE,
        "day_ends": None,
        "calendar": "CN",
        "starts_on": ("received",),
        "stops_on": ("decided",),
        "warnings": (),
        "source": "Administrative Licensing Law, article 42",
    }
    limit = Limit(**(fields | changes))
    instant = datetime.fromisoformat(start)
    begin = Start(instant, fact="matter.received") if instant.tzinfo else on(date.fromisoformat(start))
    due = count(limit, begin, CALENDAR)
    return explanation(limit, begin, Course(due), due, CALENDAR, facts=("f2", "f1"))


def on(day: date) -> Start:
    return Start(datetime.combine(day, time.min, ZoneInfo(ZONE)), on=day, fact="matter.received")


def test_every_skipped_day_is_there_with_its_reason() -> None:
    found = explained("5wd")
    assert found["due"] == "2026-05-09"
    assert [(day["date"], day["reason"]) for day in found["skipped"]] == [
        ("2026-05-01", "Labour Day 劳动节"),
        ("2026-05-02", "weekend"),
        ("2026-05-03", "weekend"),
        ("2026-05-04", "Labour Day 劳动节"),
        ("2026-05-05", "day off"),
    ]
    assert found["make_up_workdays"] == [{"date": "2026-05-09", "reason": "make-up workday 班"}]


def test_the_explanation_names_rule_source_calendar_and_facts() -> None:
    found = explained("5wd", day_ends=time(17), warnings=("1wd",))
    assert found["limit"] == {
        "text": "5wd",
        "amount": 5,
        "unit": "wd",
        "unit_name": "working days",
        "start_rule": "day0",
        "roll": "none",
        "zone": ZONE,
        "day_ends": "17:00",
        "source": "Administrative Licensing Law, article 42",
    }
    assert found["start"]["fact"] == "matter.received"
    assert (found["start"]["date"], found["start"]["counted_as"]) == ("2026-04-29", 0)
    days = found["calendar"].pop("days")
    assert found["calendar"] == {"code": "CN", "version": "CN-2026.abc", "published_to": 2026}
    assert days["rest"]["2026-05-01"] == "Labour Day 劳动节" and days["covers"] == [2026, 2026]
    assert found["facts"] == ["f1", "f2"]
    assert found["late_from"] == "2026-05-09T17:00:00+08:00"
    assert found["warnings"] == [{"at": "2026-05-08T00:00:00+08:00", "left": "1wd"}]
    assert found["provisional"] is False


def test_a_rolled_end_shows_where_it_came_from_and_why() -> None:
    found = explained("3d", "2026-04-30", roll=Roll.NEXT)
    assert (found["nominal_end"], found["due"]) == ("2026-05-03", "2026-05-06")
    assert [day["date"] for day in found["rolled_over"]] == ["2026-05-03", "2026-05-04", "2026-05-05"]
    back = explained("3d", "2026-04-30", roll=Roll.PREVIOUS)
    assert back["due"] == "2026-04-30"
    assert [day["date"] for day in back["rolled_over"]] == ["2026-05-03", "2026-05-02", "2026-05-01"]


def test_a_rolled_start_shows_what_it_passed_over() -> None:
    found = explained("1wd", "2026-05-03", start_rule=StartRule.ROLL)
    assert [day["date"] for day in found["start"]["passed_over"]] == ["2026-05-03", "2026-05-04", "2026-05-05"]
    assert (found["start"]["counted_from"], found["due"]) == ("2026-05-06", "2026-05-07")
    assert explained("1wd", "2026-05-06", start_rule=StartRule.INCLUSIVE)["start"]["counted_as"] == 1


def test_working_hours_show_the_stretches_that_were_counted() -> None:
    found = explained("4wh", "2026-04-30T16:00:00+08:00")
    assert found["due"] == "2026-05-06T12:00:00+08:00"
    assert found["worked"] == [
        {"from": "2026-04-30T16:00:00+08:00", "to": "2026-04-30T17:00:00+08:00"},
        {"from": "2026-05-06T09:00:00+08:00", "to": "2026-05-06T12:00:00+08:00"},
    ]
    assert found["skipped"][0]["date"] == "2026-05-01"


def test_an_unpublished_year_is_named() -> None:
    found = explained("20wd", "2026-12-20")
    assert (found["provisional"], found["provisional_from"]) == (True, "2027-01-01")
    assert "PROVISIONAL: the official calendar from 2027-01-01 Fri is not published" in text_en(found)
    assert "暂定：2027-01-01（周五）起的放假安排尚未公布" in text_zh(found)


def test_the_english_text_can_be_checked_line_by_line() -> None:
    assert text_en(explained("5wd", warnings=("1wd",))).splitlines() == [
        "Due 2026-05-09 Sat",
        "  The day ends at 24:00, Asia/Shanghai; late from 2026-05-10 00:00+08:00.",
        "Limit 5wd, 5 working days",
        "  Source: Administrative Licensing Law, article 42",
        "Start: matter.received 2026-04-29 Wed",
        "  Start rule day0: the day of receipt does not count.",
        "  2026-04-29 Wed is day 0.",
        "Day by day:",
        "  2026-04-30 Thu: day 1",
        "  2026-05-01 Fri: not counted, Labour Day 劳动节",
        "  2026-05-02 Sat to 2026-05-03 Sun: not counted, weekend",
        "  2026-05-04 Mon: not counted, Labour Day 劳动节",
        "  2026-05-05 Tue: not counted, day off",
        "  2026-05-06 Wed to 2026-05-08 Fri: days 2 to 4",
        "  2026-05-09 Sat: day 5, make-up workday 班",
        "Warning at 2026-05-08 00:00+08:00, 1wd left",
        "Calendar CN, version CN-2026.abc, published to 2026",
        "Facts used: f1, f2",
    ]


def test_the_chinese_text_can_be_checked_line_by_line() -> None:
    assert text_zh(explained("3d", "2026-04-30", roll=Roll.NEXT)).splitlines() == [
        "到期：2026-05-06（周三）",
        "  当日截止于 24:00（Asia/Shanghai），自 2026-05-07 00:00+08:00 起为逾期。",
        "时限：3d，即3个自然日",
        "  依据：Administrative Licensing Law, article 42",
        "起算：matter.received，2026-04-30（周四）",
        "  起算规则 day0：收件当日不计入。",
        "  2026-04-30（周四）为第0日。",
        "计算：每日均计入，含休息日。",
        "  最后一日为2026-05-03（周日）。",
        "  2026-05-03（周日）：周末",
        "  2026-05-04（周一）：Labour Day 劳动节",
        "  2026-05-05（周二）：day off",
        "  因此顺延至下一工作日，即2026-05-06（周三）。",
        "日历：CN，版本 CN-2026.abc，已公布至2026年",
        "所用事实：f1、f2",
    ]


@pytest.mark.parametrize(
    ("amount", "changes", "due"),
    [
        (None, {"at": date(2026, 5, 3), "roll": Roll.NEXT}, "2026-05-06"),
        (None, {"at": datetime.fromisoformat("2026-05-03T12:00:00+08:00")}, "2026-05-03T12:00:00+08:00"),
        ("24h", {}, "2026-04-30T00:00:00+08:00"),
    ],
)
def test_stated_times_and_hours_are_explained_too(amount: str | None, changes: dict[str, Any], due: str) -> None:
    found = explained(amount, **changes)
    assert found["due"] == due
    assert text_en(found).startswith(f"Due {due[:10]}")
    assert text_zh(found).startswith(f"到期：{due[:10]}")


def test_every_unit_has_its_name() -> None:
    assert set(UNIT_NAMES) == set(Unit)


@settings(deadline=None)
@given(
    st.sampled_from(("1wd", "20wd", "30d", "2m", "36h", "16wh", "90min")),
    st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    st.sampled_from(StartRule),
    st.sampled_from(Roll),
)
def test_the_object_is_json_is_deterministic_and_both_texts_name_the_same_dates(
    amount: str, start: date, rule: StartRule, roll: Roll
) -> None:
    found = explained(amount, start.isoformat(), start_rule=rule, roll=roll, warnings=("1wd", "25%"))
    again = explained(amount, start.isoformat(), start_rule=rule, roll=roll, warnings=("1wd", "25%"))
    assert json.dumps(found) == json.dumps(again)
    assert json.loads(json.dumps(found)) == found
    dates = re.compile(r"\d{4}-\d\d-\d\d")
    assert dates.findall(text_en(found)) == dates.findall(text_zh(found))


@settings(deadline=None)
@given(st.integers(1, 60), st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.sampled_from(StartRule))
def test_the_days_listed_are_without_gap_and_end_on_the_due_day(n: int, start: date, rule: StartRule) -> None:
    found = explained(f"{n}wd", start.isoformat(), start_rule=rule)
    runs = found["days"]
    for earlier, later in pairwise(runs):
        assert date.fromisoformat(later["from"]) - date.fromisoformat(earlier["to"]) == timedelta(days=1)
    assert runs[-1]["to"] == found["due"]
    assert runs[-1]["last"] == n
    assert len(found["skipped"]) + n == sum(
        (date.fromisoformat(run["to"]) - date.fromisoformat(run["from"])).days + 1 for run in runs
    )
