"""What the benchmarks rely on, without running one: the wire, /proc, the plans, the command line."""

import os

import pytest

from services.intake.catalogue import load as load_catalogue
from services.intake.config import DEFAULT
from services.intake.parsing import Raw, parse
from services.intake.rules.judge import Submission
from tests.bench.__main__ import arguments
from tests.bench.ground import ITEMS
from tests.bench.matters import HEADERS, decision, holders, matter, name, number, wire
from tests.bench.plans import statements, written
from tests.bench.processes import machine, peak_mb, stat_fields, usage
from tests.bench.profile import hottest
from tests.bench.steady import feed_of

NOW = "2026-03-05T09:00:00+00:00"
LOG = """2026-01-01 00:00:00.000 UTC [7] LOG:  duration: 2.500 ms  plan:
\tQuery Text: select *
\t  from clocks
\tLimit  (cost=0.42..9.1 rows=1 width=8) (actual rows=1.00 loops=1)
\t  ->  Index Scan using clocks_pkey on clocks  (cost=0.42..9.1 rows=1 width=8) (actual rows=1.00 loops=1)
2026-01-01 00:00:00.000 UTC [7] LOG:  checkpoint starting: time
2026-01-01 00:00:01.000 UTC [7] LOG:  duration: 4.500 ms  plan:
\tQuery Text: select * from clocks
\tSeq Scan on clocks  (cost=0.00..9.1 rows=1 width=8) (actual rows=1.00 loops=1)
2026-01-01 00:00:02.000 UTC [7] LOG:  duration: 9.500 ms  plan:
\tQuery Text: select count(*) from deadline.clocks
\tAggregate  (cost=0.00..9.1 rows=1 width=8) (actual rows=1.00 loops=1)
"""


@pytest.mark.parametrize("made", [matter("storm", 7, NOW), decision("storm", 7, NOW), *holders(NOW)])
def test_every_submission_of_a_benchmark_is_well_formed(made: dict[str, object]) -> None:
    _, _, value = wire(made)
    assert isinstance(parse(Raw(transport="kafka", headers=tuple(HEADERS), value=value)), Submission)


def test_the_benchmarks_items_are_in_their_catalogue() -> None:
    catalogue = load_catalogue([DEFAULT, ITEMS], calendar="CN")
    assert {"bench-promise", matter("x", 1, NOW)["data"]["item"]} <= set(catalogue.items)


def test_a_key_leads_back_to_its_number_in_its_series_only() -> None:
    _, key, _ = wire(matter("storm", 42, NOW))
    assert number(key, "storm") == 42
    assert number(key, "warm") is None
    assert name("storm", 42) == "storm-0000042"


def test_facts_that_come_in_are_never_the_same_twice() -> None:
    feed = feed_of()
    values = [next(feed)[2] for _ in range(100)]
    assert len(set(values)) == 100


def test_statements_are_added_up_and_their_slowest_plan_kept() -> None:
    (found,) = statements(LOG)
    assert (found.text, found.calls, found.total_ms, found.slowest_ms) == ("select * from clocks", 2, 7.0, 4.5)
    assert found.plan[0].startswith("Seq Scan on clocks")
    document = written(LOG, {"clocks_pkey": 2**21}, "a test")
    assert "| `select * from clocks…` | 2 | 7 | 4.5 |" in document
    assert "| clocks_pkey | 2.0 |" in document


def test_a_function_is_counted_once_for_each_sample_it_is_in() -> None:
    folded = "run (m.py:1);fold (f.py:7);fold (f.py:9) 3\nrun (m.py:2);send (s.py:1) 1\n"
    assert hottest(folded) == [(1.0, "run (m.py)"), (0.75, "fold (f.py)"), (0.25, "send (s.py)")]


def test_a_process_of_any_name_is_read_from_proc() -> None:
    assert stat_fields("12 (a) b) S 1 12")[:2] == ["S", "1"]
    me = {"me": os.getpid()}
    assert usage(me).cpu_s["me"] > 0
    assert usage(me).since(usage(me))["me"] <= 0
    assert peak_mb(me)["me"] > 0
    assert {"cores", "cpu", "memory", "kernel", "python"} <= set(machine())


def test_a_process_that_is_gone_is_left_out() -> None:
    assert "gone" not in usage({"gone": 2**22 + 1}).cpu_s
    assert peak_mb({"gone": 2**22 + 1}) == {}


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments(["storm", "--n", "10"]).n == 10
    assert arguments([]).names == []
    for wrong in (["strom"], ["--set", "BATCH=1"], ["--set", "DUBAN_BATCH"]):
        with pytest.raises(SystemExit) as refused:
            arguments(wrong)
        assert refused.value.code == 2
    assert "DUBAN_NAME=VALUE" in capsys.readouterr().err
