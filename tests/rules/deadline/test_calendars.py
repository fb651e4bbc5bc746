"""The shipped calendars, against an independent library, published lists and real logs with known due dates."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from services.deadline import calendars
from services.deadline.calendars import CalendarFile, UnknownCalendar, build, load, read_file
from services.deadline.rules.calendar import WEEKEND, Calendar, content_version
from services.deadline.rules.errors import BadCalendar, YearNotCovered

# The bank holidays on weekdays that gov.uk/bank-holidays lists for england-and-wales.
ENGLAND = {
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
}
FILE = """
code: TEST
name: A test
zone: Asia/Shanghai
weekend: [sat, sun]
holidays: {country: CN, languages: [en_US]}
covers: [2025, 2026]
published: [2025, 2026]
sessions: [["09:00", "17:00"]]
sources: [none]
overrides:
"""


def days(first: date, last: date) -> list[date]:
    return [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1)]


def a_file(tmp_path: Path, overrides: str = " []", replace: tuple[str, str] = ("", "")) -> CalendarFile:
    path = tmp_path / "TEST.yaml"
    path.write_text((FILE.rstrip() + overrides).replace(*replace) if replace[0] else FILE.rstrip() + overrides)
    return read_file(path)


def test_china_agrees_with_an_independent_calendar_on_every_day_since_2004() -> None:
    ours = load("CN")
    differ = [
        day
        for day in days(date(2004, 1, 1), date(ours.published[1], 12, 31))
        if ours.is_working_day(day) != chinese_calendar.is_workday(day)
    ]
    # chinesecalendar does not know that the notice for 2006 made Saturday 2005-12-31 a workday.
    assert differ == [date(2005, 12, 31)]


@pytest.mark.parametrize(("year", "worked"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_chinese_year_has_as_many_working_days_as_its_notice_gives(year: int, worked: int) -> None:
    days = (date.fromordinal(d) for d in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()))
    assert sum(map(load("CN").is_working_day, days)) == worked


@pytest.mark.parametrize(
    "day",
    [
        "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12",
        "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    ],
)  # fmt: skip
def test_make_up_days_are_worked_and_say_so(day: str) -> None:
    china, made_up = load("CN"), date.fromisoformat(day)
    assert made_up.weekday() >= 5
    assert china.is_working_day(made_up)
    assert china.work_days[made_up].startswith("make-up workday 班 for 20")


def test_the_holiday_extended_in_the_middle_of_january_2020_is_in() -> None:
    china = load("CN")
    assert [china.is_working_day(day) for day in days(date(2020, 1, 30), date(2020, 2, 3))] == [False] * 4 + [True]


def test_china_is_provisional_from_2027_on_and_says_why_a_day_is_off() -> None:
    china = load("CN")
    assert not china.provisional(date(2026, 12, 1), date(2026, 12, 31))
    assert china.provisional_from(date(2026, 12, 1), date(2027, 1, 5)) == date(2027, 1, 1)
    assert china.reason(date(2026, 10, 1)) == "National Day 国庆节"
    assert china.reason(date(2026, 2, 20)) == "day off 调休, worked on 2026-02-14"
    assert china.reason(date(2026, 10, 4)) == WEEKEND


def test_the_working_days_of_real_requests_agree_with_their_published_truth(handout: Path) -> None:
    federal = load("US")
    with (handout / "data/doj_foia/truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 244
    for row in rows:
        received = date.fromisoformat(row["received"])
        assert federal.add_working_days(received, 20).isoformat() == row["due"], row["case_id"]
        assert federal.add_working_days(received, 30).isoformat() == row["due30"], row["case_id"]


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2020-06-19", True),  # Juneteenth became a holiday in 2021
        ("2021-06-18", False),
        ("2024-06-19", False),
        ("2017-01-20", True),  # Inauguration Day
        ("2021-01-20", True),
        ("2012-12-24", True),  # closed by executive order: leave, no legal public holiday
        ("2014-12-26", True),
        ("2018-12-05", True),
        ("2025-01-09", True),
        ("2015-07-03", False),  # observed on Friday
        ("2016-12-26", False),  # observed on Monday
        ("2021-12-31", False),  # New Year's Day 2022, observed in the year before
        ("2016-11-25", True),  # the day after Thanksgiving
    ],
)
def test_federal_holidays_are_those_of_the_statute(day: str, worked: bool) -> None:
    assert load("US-federal").is_working_day(date.fromisoformat(day)) == worked


def test_a_holiday_of_the_year_after_the_last_is_observed_in_the_last(tmp_path: Path) -> None:
    file = a_file(tmp_path, replace=("{country: CN, languages: [en_US]}", "{country: US, languages: [en_US]}"))
    in_2021 = build(file.model_copy(update={"covers": (2021, 2021), "published": (2021, 2021)}))
    assert in_2021.reason(date(2021, 12, 31)) == "New Year's Day (observed)"


@pytest.mark.parametrize("year", sorted(ENGLAND))
def test_england_and_wales_rest_on_the_published_bank_holidays(year: int) -> None:
    england = load("GB")
    off = [day for day in days(date(year, 1, 1), date(year, 12, 31)) if not england.is_working_day(day)]
    assert " ".join(f"{day:%m-%d}" for day in off if day.weekday() < 5) == ENGLAND[year]


def test_the_nations_of_the_kingdom_differ_where_their_laws_do() -> None:
    england, scotland, ireland = load("GB-ENG"), load("GB-SCT"), load("GB-NIR")
    easter_monday, august, st_andrew = date(2026, 4, 6), date(2026, 8, 31), date(2026, 11, 30)
    st_patrick, second_january = date(2026, 3, 17), date(2026, 1, 2)
    worked = [
        [each.is_working_day(day) for each in (england, scotland, ireland)]
        for day in (easter_monday, august, st_andrew, st_patrick, second_january)
    ]
    assert worked == [
        [False, True, False],
        [False, True, False],
        [True, False, True],
        [True, True, False],
        [True, False, True],
    ]


def test_a_code_and_its_aliases_are_one_calendar_loaded_once() -> None:
    assert load("GB") is load("GB-ENG") is load("GB-WLS")
    assert load("US") is load("US-federal")


def test_an_unknown_code_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        UnknownCalendar, match="no calendar 'cn'; known are CN, GB, GB-ENG, GB-NIR, GB-SCT, GB-WLS, NL, US"
    ):
        load("cn")


@pytest.mark.parametrize("code", ["CN", "US-federal", "GB-ENG", "GB-SCT", "GB-NIR", "NL"])
def test_a_shipped_calendar_is_versioned_by_its_content_and_refuses_other_years(code: str) -> None:
    calendar = load(code)
    assert calendar.code == code
    assert calendar.version == content_version(calendar)
    assert calendar.version.startswith(f"{code}-{calendar.published[1]}.")
    for year in (calendar.covers[0] - 1, calendar.covers[1] + 1):
        with pytest.raises(YearNotCovered, match=str(year)):
            calendar.is_working_day(date(year, 6, 1))
    assert max(calendar.rest_days).year == calendar.covers[1]
    assert min(calendar.rest_days).year == calendar.covers[0]


def test_overrides_win_over_the_library_and_make_a_new_version(tmp_path: Path) -> None:
    plain = build(a_file(tmp_path))
    overrides = """
  - {date: 2026-05-06, day: rest, name: declared, source: a notice}
  - {date: 2026-05-09, day: rest, name: no longer worked, source: a notice}
  - {date: 2026-05-05, day: work, name: worked after all, source: a notice}
"""
    changed = build(a_file(tmp_path, overrides))
    asked = [date(2026, 5, 5), date(2026, 5, 6), date(2026, 5, 9)]
    assert [plain.is_working_day(day) for day in asked] == [False, True, True]
    assert [changed.is_working_day(day) for day in asked] == [True, False, False]
    assert changed.reason(date(2026, 5, 6)) == "declared"
    assert changed.version != plain.version
    assert build(a_file(tmp_path)).version == plain.version


@pytest.mark.parametrize(
    ("overrides", "replace", "message"),
    [
        ("\n  - {date: 2026-05-06, day: off, name: x, source: y}\n", ("", ""), r"overrides\.0\.day"),
        ("\n  - {date: 2026-05-06, day: rest, name: x}\n", ("", ""), r"overrides\.0\.source"),
        (" []\nextra: 1\n", ("", ""), "extra"),
        (" []", ("zone: Asia/Shanghai", ""), "zone: Field required"),
        (" []", ("[sat, sun]", "[sat"), "is not YAML"),
    ],
)
def test_a_bad_calendar_file_is_refused_with_the_field_that_is_wrong(
    tmp_path: Path, overrides: str, replace: tuple[str, str], message: str
) -> None:
    with pytest.raises(BadCalendar, match=message):
        a_file(tmp_path, overrides, replace)


def test_a_day_overridden_twice_is_refused(tmp_path: Path) -> None:
    twice = "\n" + "  - {date: 2026-05-06, day: rest, name: x, source: y}\n" * 2
    with pytest.raises(BadCalendar, match="2026-05-06 is overridden twice"):
        build(a_file(tmp_path, twice))


@pytest.mark.parametrize("name", ["cn", "gb"])
def test_the_published_vectors_are_counted_on_working_days(handout: Path, name: str) -> None:
    vectors = json.loads((handout / f"deadline-vectors-{name}.json").read_text())
    calendar: Calendar = load(name.upper()).amended(
        {date.fromisoformat(day): "listed" for day in vectors.get("holidays", [])}
    )
    cases = [case for case in vectors["cases"] if case["unit"] == "wd"]
    assert len(cases) >= 5
    for case in cases:
        counted = calendar.add_working_days(date.fromisoformat(case["start"]), case["amount"])
        assert counted.isoformat() == case["due"], case


def test_tens_of_thousands_of_counts_take_no_second() -> None:
    china = load("CN")
    starts = days(date(2010, 1, 1), date(2025, 12, 31))
    begin = datetime.now(UTC)
    for _ in range(6):
        for day in starts:
            china.add_working_days(day, 20)
    assert len(starts) * 6 > 30_000
    assert datetime.now(UTC) - begin < timedelta(seconds=1)


def test_every_shipped_file_is_reached_by_its_code() -> None:
    codes = {read_file(path).code for path in calendars.DIRECTORY.glob("*.yaml")}
    assert codes == {"CN", "US-federal", "GB-ENG", "GB-SCT", "GB-NIR", "NL"}
    assert codes <= set(calendars.known())
