"""Lines that need what other lines of their matter say; tasks, pauses, extensions and watermarks from a log."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay.load import learn, outcomes
from services.cli.replay.mapping import Mapped, Mapper, Unmapped
from services.cli.replay.mapping_model import BadMapping, load_mapping
from shared.events.catalog import model_of
from tests.support.mappings import HEAD, Make

BPIC = Path(__file__).resolve().parents[2] / "deploy" / "mappings" / "bpic15.yaml"
PAUSES = """
id: id
matter: matter
occurred_at: t
of_matter:
  days:
    when: {type: term}
    value: attrs.days
  came:
    when: {type: received}
    value: t
    take: first
events:
  - when: {type: asked}
    type: matter.suspended
    ground: {constant: correction}
    expected: {template: "{of_matter.days}d"}
    note: of_matter.came
  - when: {type: [term, received]}
    ignore: says it for the others
"""


def said(matter: str, type_: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"{matter}/{type_}", "matter": matter, "t": "2015-01-05", "type": type_, **fields}


def mapped(mapper: Mapper, lines: Iterable[dict[str, Any]]) -> list[Mapped]:
    lines = list(lines)
    for line in lines:
        mapper.learn(line)
    return [found for line in lines if line["type"] not in ("term", "received") for found in mapper.map(line)]


@pytest.fixture
def mapper(tmp_path: Path) -> Make:
    return Make(tmp_path)


def test_a_line_takes_what_another_line_of_its_matter_says_wherever_it_stands(mapper: Make) -> None:
    lines = [
        said("1", "asked"),
        said("1", "term", attrs={"days": 42}),
        said("2", "term", attrs={"days": "7"}),
        said("2", "asked"),
    ]
    assert [each.data["expected"] for each in mapped(mapper(PAUSES), lines)] == ["42d", "7d"]


def test_of_several_such_lines_the_first_or_the_last_counts(mapper: Make) -> None:
    lines = [said("1", "term", attrs={"days": n}) for n in (1, 2, 3)] + [said("1", "asked")]
    lines += [{**said("1", "received"), "t": day} for day in ("2015-01-07", "2015-01-09")]
    (found,) = mapped(mapper(PAUSES), lines)
    assert (found.data["expected"], found.data["note"]) == ("3d", "2015-01-07")


def test_what_no_line_says_is_absent(mapper: Make) -> None:
    (found,) = mapped(mapper(PAUSES), [said("1", "asked"), said("2", "term", attrs={"days": 9})])
    assert "expected" not in found.data and "note" not in found.data


def test_a_line_that_cannot_be_read_is_told_of_once_and_says_nothing(mapper: Make) -> None:
    made = mapper(PAUSES)
    made.learn({**said("1", "term"), "attrs": {"days": {"n": 1}}})
    made.learn({**said("1", "term", attrs={"days": 5}), "matter": {"no": "1"}})
    (found,) = made.map(said("1", "asked"))
    assert "expected" not in found.data
    with pytest.raises(Unmapped, match="matter: column matter holds an object"):
        made.map({**said("1", "asked"), "matter": {"no": "1"}})


def test_values_of_the_matter_need_the_matter_of_every_line(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(HEAD + PAUSES.replace("matter: matter\n", ""), encoding="utf-8")
    with pytest.raises(BadMapping, match="`of_matter` needs `matter` for the whole log"):
        load_mapping(path)


@pytest.mark.parametrize("missing", ["of_matter: {Days: {when: {type: a}, value: b}}", "of_matter: {days: {value: b}}"])
def test_a_lookup_is_named_plainly_and_says_which_lines(mapper: Make, missing: str) -> None:
    with pytest.raises(BadMapping, match="of_matter"):
        mapper(f"id: id\nmatter: matter\noccurred_at: t\n{missing}\nevents: [{{type: matter.closed}}]\n")


def test_a_csv_needs_no_column_for_what_the_matter_says_but_those_it_is_said_in(mapper: Make, tmp_path: Path) -> None:
    text = PAUSES.replace("attrs.days", "days")
    log = tmp_path / "log.csv"
    log.write_text("id,matter,t,type,days\n1,M,2015-01-05,asked,\n2,M,2015-01-04,term,30\n", encoding="utf-8")
    made = mapper(text)
    learn([log], made)
    (found,) = [m for outcome in outcomes(log, made) for m in outcome.mapped]
    assert found.data["expected"] == "30d"
    log.write_text("id,matter,t,type\n1,M,2015-01-05,asked\n", encoding="utf-8")
    with pytest.raises(BadMapping, match="has no column 'days'"):
        learn([log], made)


RULES = """
id: id
matter: matter
occurred_at: t
events:
  - {type: task.assigned, when: {type: task}, id: {template: "{id}/given"}, task: id, activity: what, due: due}
  - {type: task.finished, when: {done: {present: true}}, id: {template: "{id}/done"}, task: id, occurred_at: done}
  - {type: matter.extended, when: {type: extended}, by: {template: "{days}d"}, approver: chief, reason: why}
  - {type: matter.resumed, when: {type: resumed}, ground: ground}
  - {type: correction.requested, when: {type: lacks}, missing: what}
  - {type: source.watermark, when: {type: mark}, up_to: t}
"""


def test_a_task_with_its_due_and_its_end_on_one_line_becomes_two_events(mapper: Make) -> None:
    line = said("1", "task", what="survey", due="2015-01-09T12:00:00-05:00", done="2015-01-08T09:00:00-05:00")
    given, done = mapper(RULES).map(line)
    assert (given.type, given.id, given.data["task"]) == ("task.assigned", "1/task/given", "1/task")
    assert given.data["zone"] == "America/New_York"
    assert (done.type, done.id, done.data["task"]) == ("task.finished", "1/task/done", "1/task")
    assert (given.matter, done.matter) == ("1", "1")


def test_an_instant_with_a_due_says_its_zone_all_the_same(mapper: Make) -> None:
    """Intake refuses a due whose day ends nowhere."""
    line = said("1", "task", what="survey", due="2015-01-09") | {"t": "2015-01-05T09:00:00-05:00"}
    (given,) = mapper(RULES).map(line)
    assert given.data["zone"] == "America/New_York"


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (said("1", "extended", days=42, chief="p-1", why="x"), {"by": "42d", "approver": "p-1", "reason": "x"}),
        (said("1", "resumed", ground="hearing"), {"ground": "hearing"}),
        (said("1", "lacks", what="a map"), {"missing": ("a map",)}),
    ],
)
def test_each_fact_has_its_fields_and_intake_takes_them(
    mapper: Make, line: dict[str, Any], data: dict[str, Any]
) -> None:
    (found,) = mapper(RULES).map(line)
    assert found.data == {"occurred_at": "2015-01-05", "zone": "America/New_York", "origin": "live", **data}
    model = model_of("submissions", found.type, 1)
    assert isinstance(model, type) and model.model_validate_json(json.dumps(found.data))


def test_an_extension_without_an_amount_is_not_mapped(mapper: Make) -> None:
    with pytest.raises(Unmapped, match="says either `by` how much or `until` when"):
        mapper(RULES).map(said("1", "extended"))


def test_a_watermark_is_of_the_authority_and_of_no_matter(mapper: Make) -> None:
    (found,) = mapper(RULES).map(said("", "mark") | {"t": "2015-01-05T09:00:00-05:00"})
    assert (found.key, found.matter, found.data) == ("us-doj/watermark", None, {"up_to": "2015-01-05T09:00:00-05:00"})


@pytest.mark.parametrize("type_", ["miss.confirmed", "calendar.published", "fact.corrected"])
def test_what_no_log_says_is_no_type_of_a_rule(mapper: Make, type_: str) -> None:
    with pytest.raises(BadMapping, match=r"events\.0\.type"):
        mapper(f"id: id\nmatter: matter\noccurred_at: t\nevents: [{{type: {type_}}}]\n")


def test_the_building_permits_say_what_happened_to_their_term(tmp_path: Path) -> None:
    """Made up in the form of the log, with the quirks it has."""
    base = {"matter": "7", "unit": "municipality-1", "person": "p"}
    step = {"type": "stage_finished", "activity": "x"}
    lines: list[dict[str, Any]] = [
        {"id": "0", "t": "2014-01-06T08:30:00+01:00", "type": "received", "activity": "register",
         "due": "2014-01-08T12:00:00+01:00", "attrs": {"procedure": "Uitgebreid"}},
        {"id": "1", "t": "2014-02-03T00:00:00+01:00", "type": "suspended", "activity": "ask", "attrs": {}},
        {"id": "2", "t": "2014-02-20T10:00:00+01:00", "type": "resumed", "activity": "got",
         "attrs": {"answer": "5-2-2014 0:00:00"}},
        {"id": "3", "t": "2014-02-21T10:00:00+01:00", **step, "attrs": {"code": "08_AWB45_010", "answer": "28"}},
        {"id": "4", "t": "2014-03-03T10:00:00+01:00", **step, "attrs": {"code": "06_VD_010", "answer": "True"}},
        {"id": "5", "t": "2014-03-04T10:00:00+01:00", "type": "terminated", "activity": "x", "attrs": {}},
        {"id": "6", "t": "2014-06-03T10:00:00+02:00", "type": "decided", "activity": "x", "attrs": {}},
    ]  # fmt: skip
    log = tmp_path / "log.jsonl.gz"
    log.write_bytes(gzip.compress(b"\n".join(json.dumps(base | line).encode() for line in lines)))
    made = Mapper(load_mapping(BPIC), BPIC, "import")
    learn([log], made)
    read = list(outcomes(log, made))
    assert [outcome.unmapped for outcome in read] == [None] * 7
    found = {m.id: m for outcome in read for m in outcome.mapped}
    told = {id_: (m.type, m.data["occurred_at"]) for id_, m in found.items()}
    assert told == {
        "0": ("matter.submitted", "2014-01-06"),
        "0/assigned": ("task.assigned", "2014-01-06"),
        "0/finished": ("task.finished", "2014-01-06T08:30:00+01:00"),
        "1": ("matter.suspended", "2014-02-03"),
        "2": ("matter.resumed", "2014-02-05"),
        "4/extended": ("matter.extended", "2014-03-03"),
        "6": ("matter.decided", "2014-06-03"),
    }
    assert found["0"].data["item"] == "building-permit-extended"
    assert (found["1"].data["expected"], found["4/extended"].data["by"]) == ("28d", "42d")
