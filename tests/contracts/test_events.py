"""The published form of the contract is that of the models, and its examples hold for ever."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.events import generate
from shared.events.base import Event
from shared.events.catalog import EVENTS, PARTITIONS, UnknownVersion, model_of, topics
from shared.events.rejections import SubmissionRejected

HERE = generate.HERE
ALL = [pytest.param(topic, event, id=f"{topic}/{event.TYPE}") for topic, event in generate.events()]
EXAMPLES = [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in generate.examples(HERE)]


# The published form


def test_schemas_examples_and_asyncapi_are_up_to_date() -> None:
    assert generate.check(HERE) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("schemas", "examples"):
        shutil.copytree(HERE / name, tmp_path / name)
    shutil.copy(HERE / "asyncapi.json", tmp_path)
    assert generate.check(tmp_path) == []
    return tmp_path


def _edit(file: str, change: Callable[[Any], object]) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        document = json.loads((root / file).read_text())
        change(document)
        (root / file).write_text(generate.text_of(document))

    return edit


def _move(file: str, to: str) -> Callable[[Path], object]:
    return lambda root: (root / file).replace(root / to)


CLOSED = "examples/submissions/matter.closed.v1.json"


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_edit("schemas/case-events/case.opened.v1.json", lambda d: d.pop("title")), "case.opened.v1.json: differs"),
        (_edit("asyncapi.json", lambda d: d["channels"].pop("rejections")), "asyncapi.json: differs"),
        (lambda root: (root / "schemas/envelope.published.v1.json").unlink(), "envelope.published.v1.json: is missing"),
        (
            _move("schemas/case-events/case.opened.v1.json", "schemas/case-events/case.opened.v9.json"),
            "schemas/case-events/case.opened.v9.json: no event has this schema",
        ),
        (_edit(CLOSED, lambda d: d["data"].update(extra=1)), f"{CLOSED}: model: /data/extra"),
        (_edit(CLOSED, lambda d: d["data"].update(extra=1)), f"{CLOSED}: schema: /data: Additional properties"),
        (
            _edit(CLOSED, lambda d: d["data"].pop("occurred_at")),
            f"{CLOSED}: schema: /data: 'occurred_at' is a required",
        ),
        (
            _edit(CLOSED, lambda d: d["data"].update(occurred_at="2026-03-05T17:12:44")),
            f"{CLOSED}: schema: /data/occurred",
        ),
        (_edit(CLOSED, lambda d: d.pop("subject")), f"{CLOSED}: /subject: Field required"),
        (_edit(CLOSED, lambda d: d.update(type="matter.shut")), f"{CLOSED}: submissions has no event matter.shut"),
        (_edit(CLOSED, lambda d: d.update(version=2)), f"{CLOSED}: submissions has no event matter.closed version 2"),
        (
            _edit(CLOSED, lambda d: d.update(type="matter.decided")),
            f"{CLOSED}: holds matter.decided.v1 and is not named so",
        ),
        (
            _edit("examples/case-events/case.opened.v1.json", lambda d: d.pop("revision")),
            "case.opened.v1.json: envelope: schema: : 'revision' is a required property",
        ),
        (lambda root: (root / "examples/rejections/submission.rejected.v1.json").unlink(), "was published and is gone"),
        (_edit(CLOSED, lambda d: d["data"].update(outcome="denied")), f"{CLOSED}: was published and is edited"),
        (
            lambda root: shutil.copy(root / CLOSED, root / "examples/submissions/matter.closed.v1.again.json"),
            "matter.closed.v1.again.json: is new: freeze it",
        ),
    ],
)
def test_the_check_names_what_is_wrong(copy: Path, break_it: Callable[[Path], object], said: str) -> None:
    break_it(copy)
    assert [line for line in generate.check(copy) if said in line]


def test_an_event_without_an_example_is_named(copy: Path) -> None:
    for file in (copy / "examples/rejections").iterdir():
        file.unlink()
    wanted = "examples/rejections/submission.rejected.v1.json: SubmissionRejected has no golden example"
    assert wanted in generate.check(copy)


def test_writing_repairs_schemas_and_never_refreezes_an_example(copy: Path) -> None:
    _edit("asyncapi.json", lambda d: d.clear())(copy)
    _move("schemas/case-events/case.opened.v1.json", "schemas/case-events/case.opened.v9.json")(copy)
    _edit(CLOSED, lambda d: d["data"].update(outcome="denied"))(copy)
    generate.write(copy)
    assert [line.partition(":")[0] for line in generate.check(copy)] == [CLOSED]


@pytest.mark.parametrize(("topic", "event"), ALL)
def test_every_schema_is_one(topic: str, event: type[Event]) -> None:
    Draft202012Validator.check_schema(generate.schema_of(topic, event))


@pytest.mark.parametrize("file", EXAMPLES)
def test_a_golden_example_is_read_by_our_own_consumers_with_additions(file: Path) -> None:
    """D16: a publisher that deploys first may add a field."""
    event = json.loads(file.read_text())
    model = model_of(file.parent.name, event["type"], event["version"])
    assert isinstance(model, type)
    plain = model.model_validate_json(json.dumps(event["data"]))
    added = json.dumps({**event["data"], "added_later": {"by": "a newer build"}})
    assert model.model_validate_json(added, extra="ignore") == plain
    with pytest.raises(ValidationError):
        model.model_validate_json(added)


@pytest.mark.parametrize("file", EXAMPLES)
def test_a_golden_example_is_written_as_pydantic_writes_it(file: Path) -> None:
    event = json.loads(file.read_text())
    model = model_of(file.parent.name, event["type"], event["version"])
    assert isinstance(model, type)
    plain = model.model_validate_json(json.dumps(event["data"]))
    assert plain.to_data() == plain.model_dump(mode="json", exclude_none=True)


# The catalog


def test_every_topic_with_events_is_declared_and_the_rest_hold_dead_letters() -> None:
    assert {name for name in topics() if not name.endswith("-dlq")} == set(EVENTS)


def test_topics_of_aggregates_have_equally_many_partitions() -> None:
    assert {topics()[name].partitions for name in EVENTS} == {PARTITIONS}


def test_every_file_of_a_topic_has_its_name() -> None:
    assert {file.stem for file in (HERE / "topics").glob("*.yaml")} == set(topics())


@pytest.mark.parametrize(("topic", "event"), ALL)
def test_types_are_past_facts_and_one_topic_has_a_version_once(topic: str, event: type[Event]) -> None:
    assert model_of(topic, event.TYPE, event.VERSION) is event
    assert event.TYPE.count(".") == 1
    assert event.TYPE.islower()


def test_a_newer_version_is_told_from_an_unknown_type() -> None:
    assert model_of("case-events", "case.opened", 2) == UnknownVersion("case.opened", 2)
    assert model_of("case-events", "case.painted", 1) is None


def test_the_largest_refusal_fits_on_its_topic() -> None:
    problem = {"code": "c" * 50, "pointer": "/" + "鲤" * 205, "detail": "d" * 4000}
    refused = SubmissionRejected.model_validate_json(
        json.dumps(
            {
                "reasons": [problem] * 20,
                "transport": "http",
                "sha256": "0" * 64,
                "size": 1,
                "received_at": "2026-01-28T00:00:00Z",
            }
        )
    )
    assert len(json.dumps(refused.to_data()).encode()) < topics()["rejections"].max_message_bytes / 4
