"""What is sent, in which order, and what is refused before anything is sent (D1)."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.replay.load import Outcome, load
from services.cli.replay.mapping import Mapped, Mapper
from services.cli.replay.mapping_model import BadMapping, load_mapping
from services.cli.replay.reading import BadLog
from services.cli.replay.spool import Conflict, Spool
from shared.events.catalog import model_of
from shared.events.envelope import read_submission

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "deploy" / "mappings" / "boston311.yaml"
BEGIN = datetime(2015, 1, 1, tzinfo=UTC)
CSV_MAPPING = """
authority: a
source: /log
timezone: UTC
id: id
matter: matter
occurred_at: t
events: [{type: matter.closed}]
"""


def fact(n: int, at: datetime, id: str | None = None) -> Mapped:
    return Mapped(id or f"e{n}", "matter.closed", f"a/{n}", at, at, {"occurred_at": at.isoformat()}, str(n), None)


def log_line(**fields: Any) -> dict[str, Any]:
    received = {"id": "1/open", "matter": "1", "t": "2015-01-01T00:00:00-05:00", "type": "received", "unit": "A"}
    return received | fields


def write(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def read(path: Path, *files: Path) -> None:
    mapper = Mapper(load_mapping(MAPPING), MAPPING, "live")
    with Spool(mapper.mapping.source) as spool:
        load([path, *files], mapper, MAPPING, spool, lambda outcome: None)


def test_one_identity_with_two_bodies_is_refused_naming_both_lines(tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", log_line(), log_line(id="2/open", matter="2"), "", log_line(unit="B"))
    with pytest.raises(Conflict, match=r"log.jsonl line 1 and .*log.jsonl line 4 say different things .*'1/open'"):
        read(log)


def test_the_same_identity_in_two_files(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", log_line())
    other = write(tmp_path / "other.jsonl", log_line(due="2015-02-01T00:00:00Z"))
    with pytest.raises(Conflict, match=r"one.jsonl line 1 and .*other.jsonl line 1"):
        read(one, other)


def test_a_repeated_line_is_no_conflict_and_neither_are_columns_that_are_not_mapped(tmp_path: Path) -> None:
    read(write(tmp_path / "log.jsonl", log_line(), log_line(), log_line(attrs={"queue": "other"})))


def test_lines_that_are_not_mapped_are_counted_by_reason(tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", log_line(), "not json", "[1]", log_line(type="x"), log_line(t=None))
    mapper = Mapper(load_mapping(MAPPING), MAPPING, "live")
    with Spool("/log") as spool:
        told: list[Outcome] = []
        loaded = load([log], mapper, MAPPING, spool, told.append)
    assert (loaded.lines, loaded.submissions, loaded.unmapped) == (5, 1, 4)
    assert loaded.reasons == {"is not JSON": 1, "is not a JSON object": 1, "fits no rule": 1, "occurred_at": 1}
    assert [outcome.line.number for outcome in told if outcome.unmapped] == [2, 3, 4, 5]


def test_a_csv_is_read_by_its_header(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(CSV_MAPPING)
    mapper = Mapper(load_mapping(mapping), mapping, "live")
    log = tmp_path / "log.csv"
    log.write_text('\ufeffid,matter,t\n1,"m\n1",2015-01-01\n2,m2\n3,m3,2015-01-01,more\n4,m4,2015-01-02\n')
    with Spool("/log") as spool:
        told: list[Outcome] = []
        loaded = load([log], mapper, mapping, spool, told.append)
    assert (loaded.lines, loaded.unmapped) == (4, 2)
    assert [(outcome.line.number, outcome.unmapped) for outcome in told] == [
        (2, None),
        (4, "has fewer cells than the header"),
        (5, "has more cells than the header"),
        (6, None),
    ]


def test_a_csv_without_a_column_is_refused_as_a_whole(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(CSV_MAPPING)
    log = tmp_path / "log.csv"
    log.write_text("id,t\n1,2015-01-01\n")
    with Spool("/log") as spool, pytest.raises(BadMapping, match=r"log.csv: has no column 'matter'; it has id, t"):
        load([log], Mapper(load_mapping(mapping), mapping, "live"), mapping, spool, lambda outcome: None)


@pytest.mark.parametrize("name", ["none.jsonl", "log.txt"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "log.txt").touch()
    with pytest.raises(BadLog, match=name):
        read(tmp_path / name)


def test_what_is_sent_is_read_by_intake() -> None:
    with Spool("/log") as spool:
        spool.add(spool.add_file("f"), [(1, fact(1, BEGIN))])
        spool.plan("file", shuffle=None, duplicate=0, as_of=BEGIN)
        (planned,) = spool.planned()
    headers = [(name, value.encode()) for name, value in json.loads(planned.message.headers).items()]
    submission = read_submission(headers, planned.message.body)
    assert (submission.key, submission.attributes.id) == (("a", "1"), "e1")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Africa/Monrovia"])
def test_the_contract_takes_what_is_sent_of_times_when_offsets_had_odd_seconds(zone: str, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    text = CSV_MAPPING.replace("timezone: UTC", f"timezone: {zone}")
    mapping.write_text(text + 'holders: [{role: direct, person: "officer"}]\n')
    log = write(tmp_path / "log.jsonl", {"id": "1", "matter": "m", "t": "1900-01-02"})
    with Spool("/log") as spool:
        load([log], Mapper(load_mapping(mapping), mapping, "live"), mapping, spool, lambda outcome: None)
        spool.plan("file", shuffle=None, duplicate=0, as_of=BEGIN)
        sent = [(planned.known_at, planned.message) for planned in spool.planned()]
        posts = [spool.post_assigned_by(message.event_id) for _, message in sent]
    assert sorted(map(str, posts)) == ["None", "a/officer"]
    for known_at, message in sent:
        headers = [(name, value.encode()) for name, value in json.loads(message.headers).items()]
        attributes = read_submission(headers, message.body).attributes
        assert attributes.time == known_at
        model = model_of("submissions", attributes.type, 1)
        assert isinstance(model, type)
        model.model_validate_json(message.body)


def test_facts_after_as_of_are_counted_and_not_sent() -> None:
    with Spool("/log") as spool:
        spool.add(spool.add_file("f"), [(n, fact(n, BEGIN + timedelta(hours=n))) for n in range(10)])
        assert spool.plan("file", shuffle=None, duplicate=0, as_of=BEGIN + timedelta(hours=6)) == (7, 3)
        assert [planned.message.event_id for planned in spool.planned()] == [f"e{n}" for n in range(7)]


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=30),
    st.none() | st.integers(0, 5),
    st.sampled_from((0.0, 0.3, 1.0)),
    st.sampled_from(("file", "time")),
)
def test_whatever_the_order_everything_is_sent_once_or_twice(
    hours: list[int], shuffle: int | None, duplicate: float, order: str
) -> None:
    def sent() -> list[tuple[datetime, str]]:
        with Spool("/log") as spool:
            spool.add(spool.add_file("f"), enumerate(fact(n, BEGIN + timedelta(hours=h)) for n, h in enumerate(hours)))
            spool.plan(
                "file" if order == "file" else "time",
                shuffle=shuffle,
                duplicate=duplicate,
                as_of=BEGIN + timedelta(days=9),
            )
            return [(planned.known_at, planned.message.event_id) for planned in spool.planned()]

    found = sent()
    assert found == sent()
    times = Counter(id for _, id in found)
    assert set(times) == {f"e{n}" for n in range(len(hours))}
    assert all(1 <= n <= 2 for n in times.values())
    if duplicate in (0.0, 1.0):
        assert set(times.values()) == {1 + int(duplicate)}
    if shuffle is None:
        firsts = list(dict.fromkeys(found))
        assert firsts == (sorted(firsts, key=lambda each: each[0]) if order == "time" else firsts)
        if order == "file":
            assert [id for _, id in firsts] == [f"e{n}" for n in range(len(hours))]
