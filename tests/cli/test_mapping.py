"""A mapping's promises: what a newcomer may write, what a line becomes, and how an error names its field."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay.mapping import Ignored, Unmapped
from shared.events.catalog import model_of
from tests.support.mappings import RECEIVED, Make, line


@pytest.fixture
def mapper(tmp_path: Path) -> Make:
    return Make(tmp_path)


def test_a_line_becomes_a_submission_of_the_contract(mapper: Make) -> None:
    found = mapper.one(RECEIVED, line(due="2015-02-01T08:30:00-05:00"))
    assert (found.id, found.type, found.key) == ("1/open", "matter.submitted", "us-doj/1")
    assert found.data == {
        "occurred_at": "2015-01-05",
        "zone": "America/New_York",
        "origin": "live",
        "item": "permit",
        "unit": "A",
        "due": "2015-02-01T08:30:00-05:00",
    }
    model = model_of("submissions", found.type, 1)
    assert isinstance(model, type) and model.model_validate_json(json.dumps(found.data))


def test_a_bare_date_is_known_from_its_midnight_in_the_logs_zone(mapper: Make) -> None:
    assert mapper.one(RECEIVED, line()).known_at == datetime.fromisoformat("2015-01-05T00:00:00-05:00")


def test_a_column_that_is_empty_is_absent(mapper: Make) -> None:
    for empty in ("", "  ", None):
        assert "due" not in mapper.one(RECEIVED, line(due=empty)).data


def test_a_closing_has_no_unit_and_takes_none(mapper: Make) -> None:
    found = mapper.one(RECEIVED, line(type="closed"))
    assert found.type == "matter.closed"
    assert found.data.keys() == {"occurred_at", "zone", "origin"}


def test_a_line_that_no_rule_fits_says_what_it_is(mapper: Make) -> None:
    with pytest.raises(Unmapped, match="fits no rule: type is 'parked'"):
        mapper(RECEIVED).map(line(type="parked"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": ""}, "id: is missing"),
        ({"matter": None}, "matter: is missing"),
        ({"t": ""}, "occurred_at: is missing"),
        ({"t": "5 Jan"}, "occurred_at: '5 Jan' is not a time of the form iso"),
        ({"t": "1492-10-12"}, "occurred_at: lies outside"),
        ({"unit": None}, "unit: Field required"),
        ({"due": "soon"}, "due: 'soon' is not a time"),
        ({"unit": {"name": "A"}}, "unit: column unit holds an object or a list"),
    ],
)
def test_a_line_that_cannot_be_mapped_names_the_field(mapper: Make, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unmapped, match=reason):
        mapper(RECEIVED).map(line(**fields))


def test_a_line_may_yield_several_submissions(mapper: Make) -> None:
    text = """
matter: id
item: {constant: foia}
unit: office
events:
  - {type: matter.submitted, id: {template: "{id}/received"}, occurred_at: received}
  - {type: matter.closed, when: {closed: {present: true}}, id: {template: "{id}/closed"}, occurred_at: closed}
"""
    log = {"id": "7", "office": "A", "received": "2017-01-03", "closed": "2017-02-01"}
    assert [(s.id, s.type) for s in mapper(text).map(log)] == [
        ("7/received", "matter.submitted"),
        ("7/closed", "matter.closed"),
    ]
    assert [s.type for s in mapper(text).map({**log, "closed": ""})] == ["matter.submitted"]


def test_a_rule_may_leave_lines_out_on_purpose(mapper: Make) -> None:
    text = RECEIVED + "  - {when: {type: viewed}, ignore: nothing happened}\n"
    with pytest.raises(Ignored, match="nothing happened"):
        mapper(text).map(line(type="viewed"))


@pytest.mark.parametrize(
    ("when", "attrs", "fits"),
    [
        ("{attrs.code: [A, B]}", {"code": "B"}, True),
        ("{attrs.code: [A, B]}", {"code": "C"}, False),
        ("{attrs.code: 7}", {"code": 7}, True),
        ("{attrs.code: 7}", {"code": "7"}, True),
        ("{attrs.code: '007'}", {"code": "007"}, True),
        ("{attrs.code: 007}", {"code": "007"}, True),
        ("{attrs.done: true}", {"done": True}, True),
        ("{attrs.done: no}", {"done": "no"}, True),
        ("{attrs.code: {matches: '^0[67]_'}}", {"code": "07_VD"}, True),
        ("{attrs.code: {matches: '^0[67]_'}}", {"code": "08_VD"}, False),
        ("{attrs.code: {matches: x}}", {}, False),
        ("{attrs.code: {present: false}}", {}, True),
        ("{attrs.code: {present: true, not_one_of: [A]}}", {"code": "B"}, True),
        ("{attrs.code: {present: true, not_one_of: [A]}}", {"code": "A"}, False),
        ("{type: received, attrs.code: A}", {"code": "B"}, False),
        ("[{attrs.code: A}, {attrs.code: B}]", {"code": "B"}, True),
        ("{attrs.list.1: b}", {"list": ["a", "b"]}, True),
        ("{attrs.list.9: b}", {"list": ["a", "b"]}, False),
    ],
)
def test_conditions_on_nested_fields(mapper: Make, when: str, attrs: dict[str, Any], fits: bool) -> None:
    text = RECEIVED.partition("events:")[0] + f"events:\n  - {{when: {when}, type: matter.submitted}}\n"
    mapping = mapper(text)
    if fits:
        assert mapping.map(line(attrs=attrs))
    else:
        with pytest.raises(Unmapped):
            mapping.map(line(attrs=attrs))


@pytest.mark.parametrize(
    ("unit", "fields", "expected"),
    [
        ("{constant: A}", {}, "A"),
        ("{first_of: [desk, attrs.desk, unit]}", {"attrs": {"desk": "D"}}, "D"),
        ("{first_of: [desk, {constant: none}]}", {}, "none"),
        ('{template: "{unit} / {attrs.desk}"}', {"attrs": {"desk": "D"}}, "A / D"),
        ("{column: unit, map: {A: Archive}}", {}, "Archive"),
        ("{column: unit, map: {B: Books}, default: other}", {}, "other"),
        ("{column: desk, default: front}", {}, "front"),
        ("dotted.name", {"dotted.name": "whole"}, "whole"),
    ],
)
def test_where_a_value_comes_from(mapper: Make, unit: str, fields: dict[str, Any], expected: str) -> None:
    assert mapper.one(RECEIVED.replace("unit: unit", f"unit: {unit}"), line(**fields)).data["unit"] == expected


def test_a_value_that_is_not_in_the_table_is_not_guessed(mapper: Make) -> None:
    with pytest.raises(Unmapped, match="unit: 'A' is not in `map`"):
        mapper(RECEIVED.replace("unit: unit", "unit: {column: unit, map: {B: Books}}")).map(line())


def test_only_the_day_of_an_instant_may_be_meant(mapper: Make) -> None:
    text = RECEIVED.replace("occurred_at: t", "occurred_at: {column: t, date_only: true}")
    assert mapper.one(text, line(t="2015-01-06T02:00:00Z")).data["occurred_at"] == "2015-01-05"


def test_a_time_may_have_a_zone_of_its_own(mapper: Make) -> None:
    text = RECEIVED.replace("occurred_at: t", "occurred_at: {column: t, zone: Asia/Shanghai}")
    found = mapper.one(text, line())
    assert found.data["zone"] == "Asia/Shanghai"
    assert found.known_at == datetime.fromisoformat("2015-01-05T00:00:00+08:00")


def test_a_correction_names_the_event_it_replaces(mapper: Make) -> None:
    text = RECEIVED + "  - {when: {type: fixed}, type: matter.closed, replaces: attrs.of, issued_at: attrs.on}\n"
    found = mapper.one(text, line(type="fixed", attrs={"of": "1/close", "on": "2015-03-01"}))
    assert found.type == "fact.corrected"
    assert found.data["replaces"] == {"source": "https://example.org/log", "id": "1/close"}
    assert found.data["fact"]["type"] == "matter.closed"
    assert found.time == found.known_at == datetime.fromisoformat("2015-03-01T00:00:00-05:00")


def test_a_retraction_names_the_event_that_never_was(mapper: Make) -> None:
    text = RECEIVED + "  - {when: {type: undone}, type: fact.retracted, replaces: attrs.of}\n"
    found = mapper.one(text, line(type="undone", attrs={"of": "1/close"}))
    assert found.data == {"replaces": {"source": "https://example.org/log", "id": "1/close"}}


def test_a_log_may_say_who_holds_a_post(mapper: Make) -> None:
    text = RECEIVED + "  - {when: {type: appointed}, type: holder.assigned, post: post, person: who, role: role}\n"
    found = mapper.one(text, line(type="appointed", post="desk 1", who="p-1", role="direct"))
    assert (found.key, found.matter, found.data["unit"]) == ("us-doj/desk%201", None, "A")


def test_default_holders_for_each_unit_for_one_and_for_all(mapper: Make) -> None:
    text = (
        RECEIVED
        + """
holders:
  - {role: direct, person: "duty officer of {unit}"}
  - {role: leading, person: "p-2", unit: A, since: 2014-01-01, post: deputy}
  - {role: principal, person: "head of {authority}"}
"""
    )
    found = [
        (h.key, h.data["role"], h.data.get("unit"), h.data["occurred_at"]) for h in mapper(text).holders({"B", "A"})
    ]
    assert found == [
        ("us-doj/duty%20officer%20of%20A", "direct", "A", "1900-01-01"),
        ("us-doj/duty%20officer%20of%20B", "direct", "B", "1900-01-01"),
        ("us-doj/deputy", "leading", "A", "2014-01-01"),
        ("us-doj/head%20of%20us-doj", "principal", None, "1900-01-01"),
    ]


def test_an_adapter_says_what_yaml_cannot(mapper: Make) -> None:
    (mapper.directory / "adapter.py").write_text(
        "def read(line):\n"
        "    if line['type'] == 'noise':\n"
        "        return []\n"
        "    for task in line['tasks']:\n"
        "        yield {'id': task, 'type': 'matter.closed', 'matter': line['matter'], 'occurred_at': line['t']}\n"
    )
    mapping = mapper("adapter: adapter.py:read\n")
    assert [s.id for s in mapping.map(line(tasks=["a", "b"]))] == ["a", "b"]
    with pytest.raises(Ignored):
        mapping.map(line(type="noise"))
    with pytest.raises(Unmapped, match="adapter: KeyError: 'tasks'"):
        mapping.map(line())
