"""An error in a mapping names its file and field; the published schema fits what is shipped."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from services.cli.replay.mapping_model import BadMapping, load_mapping, mapping_schema, plain_yaml
from tests.support.mappings import RECEIVED, Make

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mapper(tmp_path: Path) -> Make:
    return Make(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RECEIVED.replace("unit: unit", "unitt: unit"), "unitt: Extra inputs"),
        (RECEIVED.replace("matter.closed", "matter.shut"), "events.1.type: Input should be"),
        (RECEIVED.replace("item: {constant: permit}", ""), r"events.0 \(matter.submitted\) needs `item`"),
        (RECEIVED.replace("{constant: permit}", "{constant: permit, column: x}"), "item: give exactly one of"),
        (RECEIVED.replace("id: id", "id: {first_of: [{colunm: id}]}"), "id.first_of.0.colunm: Extra inputs"),
        (RECEIVED + "    due: due\n", "events.1: matter.closed has no `due`"),
        (
            RECEIVED.replace("{type: closed}", "{type: {matches: '('}}"),
            "events.1.when.0.type: matches: is not a",
        ),
        (
            RECEIVED.replace("occurred_at: t", "occurred_at: {column: t, zone: Mars}"),
            "occurred_at.zone: is not",
        ),
        (RECEIVED.partition("events:")[0], "give either `events` or `adapter`"),
        (RECEIVED + "adapter: a.py:f\n", "give either `events` or `adapter`"),
        ("adapter: nowhere.py:f\n", "adapter: nowhere.py does not load: FileNotFoundError"),
        ("adapter: nowhere.txt:f\n", "adapter: String should match"),
        ("- a\n", "is not YAML"),
        (RECEIVED + "holders: [{role: direct, person: x, since: soon}]\n", "holders.0.since: 'soon' is not a time"),
    ],
)
def test_an_error_in_a_mapping_names_file_and_field(mapper: Make, text: str, message: str) -> None:
    with pytest.raises(BadMapping, match=f"mapping.yaml: .*{message}"):
        mapper(text)


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match=r"none.yaml: No such file"):
        load_mapping(tmp_path / "none.yaml")


def test_the_published_schema_fits_what_is_shipped() -> None:
    validator = Draft202012Validator(mapping_schema())
    Draft202012Validator.check_schema(mapping_schema())
    shipped = [*ROOT.glob("deploy/mappings/*.yaml"), *ROOT.glob("deploy/demo/*.yaml")]
    assert shipped
    for file in shipped:
        validator.validate(plain_yaml(file))
        load_mapping(file)
    assert not validator.is_valid({"authority": "a"})
