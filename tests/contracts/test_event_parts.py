"""What events are made of: keys and points in time survive the way out and back; JSON is strict."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import TypeAdapter, ValidationError

from shared.events import strict_json
from shared.events.base import EARLIEST, LATEST, Instant, When, aggregate_key, instant_of, split_key
from shared.events.limits import LimitTerms
from shared.events.submissions import MatterClosed

instants: TypeAdapter[datetime] = TypeAdapter(Instant)
whens: TypeAdapter[datetime | date] = TypeAdapter(When)

# Keys

parts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=200)


@given(parts, parts)
@example("a/b", "%2F")
@example("鲤城区", "一百十七号 / 2026")
def test_a_key_names_one_pair_only(authority: str, name: str) -> None:
    key = aggregate_key(authority, name)
    assert split_key(key) == (authority, name)
    assert key.isascii()
    assert key.count("/") == 1


@given(st.text())
@example("a/b%2")
@example("a/%ff")
@example("a/%2f")
@example("a/b/c")
@example("a/~b")
def test_a_key_has_one_spelling(text: str) -> None:
    try:
        pair = split_key(text)
    except ValueError as error:
        assert str(error) == "is not authority/id with both parts percent-encoded"
    else:
        assert aggregate_key(*pair) == text


# Time

zones = st.sampled_from(sorted(available_timezones()))
days = st.dates(EARLIEST, LATEST - timedelta(days=1))


@given(days, zones)
@example(date(1900, 1, 1), "Asia/Shanghai")  # local mean time, +08:05:43
@example(date(1900, 1, 1), "Pacific/Kiritimati")
@example(date(1912, 1, 1), "Africa/Abidjan")  # no 00:00 that day: clocks were put forward by 16 minutes
@example(date(2018, 11, 4), "America/Sao_Paulo")  # and here by an hour
@example(LATEST - timedelta(days=1), "Pacific/Niue")
def test_the_start_of_any_day_survives_the_way_out_and_back(day: date, zone: str) -> None:
    instant = instant_of(day, zone)
    for seen in (instant, instant.astimezone(UTC), instant.astimezone(timezone(timedelta(hours=-12)))):
        written = instants.dump_python(seen, mode="json")
        assert instants.validate_python(written) == instant
        Draft202012Validator(instants.json_schema(), format_checker=FormatChecker()).validate(written)


@given(days, zones)
def test_nothing_of_a_day_lies_before_its_start(day: date, zone: str) -> None:
    start = instant_of(day, zone).astimezone(UTC)
    local = ZoneInfo(zone)
    assert start.astimezone(local).date() >= day
    assert (start - timedelta(microseconds=1)).astimezone(local).date() < day


@pytest.mark.parametrize(
    ("day", "zone", "starts"),
    [
        (date(2026, 3, 8), "America/New_York", "2026-03-08T05:00:00+00:00"),  # the clock goes forward at 02:00
        (date(2026, 11, 1), "America/New_York", "2026-11-01T04:00:00+00:00"),  # and back at 02:00
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),  # there is no 00:00 that day
        (date(2026, 1, 28), "Asia/Shanghai", "2026-01-27T16:00:00+00:00"),
    ],
)
def test_a_bare_date_is_known_from_the_first_instant_of_its_day(day: date, zone: str, starts: str) -> None:
    assert instant_of(day, zone).astimezone(UTC) == datetime.fromisoformat(starts)


def test_an_instant_is_known_from_itself_and_a_bare_date_needs_a_zone() -> None:
    now = datetime(2026, 1, 28, 9, 30, tzinfo=UTC)
    assert instant_of(now, None) is now
    with pytest.raises(ValueError, match="zone"):
        instant_of(date(2026, 1, 28), None)
    with pytest.raises(ValidationError, match="say in `zone`"):
        MatterClosed.model_validate({"occurred_at": "2026-01-28"})


@pytest.mark.parametrize(
    "text", ["2026-02-30", "0001-01-01", "9999-12-31", "2200-01-01", "1899-12-31", "２０２６-01-28"]
)
def test_an_impossible_day_is_no_date(text: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        whens.validate_python(text)
    assert wrong.value.errors(include_input=False)[0]["msg"] in (
        "Value error, is not a day of the calendar",
        f"Value error, lies outside {EARLIEST} to {LATEST}",
        "Value error, is not an instant with its offset, such as 2026-01-28T09:30:00+08:00",
    )


@given(st.datetimes(*(datetime.combine(day, time()) for day in (EARLIEST, LATEST)), timezones=st.timezones()))
def test_every_instant_survives_the_way_out_and_back(when: datetime) -> None:
    assume(when.astimezone(UTC).astimezone(when.tzinfo) == when)  # a wall time that the zone skipped is no instant
    assert instants.validate_python(instants.dump_python(when, mode="json")) == when.astimezone(UTC)


EDGES = (
    "1899-12-31T01:00:00+08:00", "1899-12-31T23:00:00-12:00", "2200-01-01T23:00:00-12:00",
    "2200-01-02T07:00:00+08:00", "2026-01-28T09:30:00+08:00",
)  # fmt: skip


@given(st.sampled_from(EDGES), st.integers(-14, 14))
def test_an_instant_is_plausible_or_not_whatever_its_offset(text: str, hours: int) -> None:
    elsewhere = datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=hours)))
    assert plausible(text) == plausible(elsewhere.isoformat())


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_the_first_and_last_instants_of_all_are_refused(text: str) -> None:
    assert not plausible(text)


def plausible(text: str) -> bool:
    try:
        instants.validate_python(text)
    except ValidationError:
        return False
    return True


# Limits


@pytest.mark.parametrize("end", [{}, {"amount": "20wd", "at": "2026-03-03"}])
def test_a_limit_has_one_end(end: dict[str, str]) -> None:
    terms = {
        "clock": "decision",
        "zone": "Asia/Shanghai",
        "calendar": "CN",
        "starts_on": [],
        "stops_on": [],
        "source": "x",
    }
    with pytest.raises(ValidationError, match="either an amount or a stated end"):
        LimitTerms.model_validate_json(json.dumps({**terms, **end}))


@pytest.mark.parametrize("day_ends", ["17:00+05:00", "17:00Z"])
def test_the_end_of_a_day_is_local_time(day_ends: str) -> None:
    terms = {
        "clock": "decision", "amount": "20wd", "zone": "Asia/Shanghai", "calendar": "CN", "starts_on": [],
        "stops_on": [], "source": "x",
    }  # fmt: skip
    assert LimitTerms.model_validate_json(json.dumps({**terms, "day_ends": "17:00"})).day_ends == time(17)
    with pytest.raises(ValidationError, match="local time in the limit's zone"):
        LimitTerms.model_validate_json(json.dumps({**terms, "day_ends": day_ends}))


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="IANA"):
        MatterClosed.model_validate_json('{"occurred_at": "2026-01-28", "zone": "Asia/Quanzhou"}')


# Strict JSON

scalars = (
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30)


@given(values, st.booleans())
def test_what_json_can_say_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary())
def test_arbitrary_bytes_are_json_or_are_not(raw: bytes) -> None:
    try:
        value = strict_json.loads(raw)
    except strict_json.NotStrictJson:
        return
    assert json.loads(raw) == value


@given(values, st.text(), values)
def test_a_key_twice_is_refused_at_any_depth(value: object, key: str, inner: object) -> None:
    assume("\0" not in key and key.isprintable())
    name = json.dumps(key)
    twice = f"{{{name}: {json.dumps(inner)}, {name}: {json.dumps(value)}}}"
    for raw in (twice, f"[{twice}]", f'{{"a": [{{"b": {twice}}}]}}'):
        with pytest.raises(strict_json.NotStrictJson) as refused:
            strict_json.loads(raw.encode())
        assert refused.value.code == "duplicate-key"


@given(st.integers(2**53) | st.integers(max_value=-(2**53)))
def test_a_number_that_loses_digits_is_refused(number: int) -> None:
    with pytest.raises(strict_json.NotStrictJson):
        strict_json.loads(b"[%d]" % number)


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"a\u003a": 1, "a:": 2}',  # a colon that hides in one spelling of a key, and not in the other
        rb'{"a": "\u003A", "a": 1}',
        rb'{"a": ":", "a": "::"}',
        rb'[{"b:": {"a": 1, "a": 1}}]',
    ],
)
def test_colons_in_texts_hide_no_key_that_stands_twice(raw: bytes) -> None:
    with pytest.raises(strict_json.NotStrictJson) as refused:
        strict_json.loads(raw)
    assert refused.value.code == "duplicate-key"


@pytest.mark.parametrize("depth", [strict_json.DEPTH + 1, 254, 255, 256, 900])
def test_nesting_is_refused_at_any_depth(depth: int) -> None:
    with pytest.raises(strict_json.NotStrictJson) as refused:
        strict_json.loads(b"[" * depth + b"]" * depth)
    assert refused.value.code == "too-deep"


@pytest.mark.parametrize("overdue", [["5wd", "1wd"], ["1wd", "1wd"], ["1wd", "5d"]])
def test_how_long_a_miss_lasts_is_told_in_one_unit_and_upwards(overdue: list[str]) -> None:
    limit = {
        "clock": "decision", "amount": "20wd", "zone": "Asia/Shanghai", "calendar": "CN", "starts_on": [],
        "stops_on": [], "source": "not verified",
    }  # fmt: skip
    LimitTerms.model_validate_json(json.dumps({**limit, "overdue": ["1wd", "5wd"]}))
    with pytest.raises(ValueError, match="the least first"):
        LimitTerms.model_validate_json(json.dumps({**limit, "overdue": overdue}))
