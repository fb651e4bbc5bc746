"""Alerts, runbooks, dashboards and the page of metrics name what exists, and every alert is tested by promtool."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import dashboards
from tests.support.metrics_page import PAGE, Declared, declared, page

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
PROMETHEUS = MONITORING / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
CASES = sorted((PROMETHEUS / "tests").glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
SCRAPED = {"job", "instance", "le"}
"""Labels that Prometheus adds, and a histogram's own."""
ABOUT_SCRAPES = {"up"}
_SELECTOR = re.compile(r"\b(duban_\w+|up)\b(?:\{([^}]*)\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def alerts() -> dict[str, dict[str, Any]]:
    """Every rule by its alert's name."""
    found = [rule for file in RULES for group in read(file)["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in found}) == len(found)
    return {rule["alert"]: rule for rule in found}


def boards() -> list[dict[str, Any]]:
    return [json.loads(content) for content in dashboards.dashboards().values()]


SAMPLES: dict[str, Declared] = {sample: metric for metric in declared() for sample in metric.samples}


def unknown(expression: str) -> set[str]:
    """What an expression names that no metric of ours has."""
    wrong, labels = set[str](), set(SCRAPED)
    for name, selector in _SELECTOR.findall(expression):
        if name in ABOUT_SCRAPES:
            continue
        if name not in SAMPLES:
            wrong.add(name)
            continue
        own = {*SAMPLES[name].labels, *SCRAPED}
        labels |= own
        wrong |= {f"{name}{{{label}}}" for label in _LABEL.findall(selector) if label not in own}
    grouped = {label.strip() for names in _GROUPED.findall(expression) for label in names.split(",")}
    return wrong | (grouped - labels)


def test_what_is_wrong_in_an_expression_is_seen() -> None:
    assert unknown("sum(rate(duban_no_such_total[5m]))") == {"duban_no_such_total"}
    assert unknown('max(duban_deadline_open_clocks{colour="red"})') == {"duban_deadline_open_clocks{colour}"}
    assert unknown("max by (shape) (duban_deadline_open_clocks)") == {"shape"}
    assert unknown('sum by (job) (up{job="x"}) == 0') == set()


@pytest.mark.parametrize("name", sorted(alerts()))
def test_an_alert_names_metrics_that_exist_and_says_what_to_do(name: str) -> None:
    rule = alerts()[name]
    assert unknown(rule["expr"]) == set()
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    notes = rule["annotations"]
    assert notes["summary"].isascii() and re.search("[\u4e00-\u9fff]", notes["summary_zh"])
    assert notes["runbook"] == f"docs/runbooks/{name}.md"
    text = (ROOT / notes["runbook"]).read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n\n{rule['labels']['severity']}, ")
    assert text.index("## What it means") < text.index("## Look") < text.index("## Do")


def test_every_page_is_of_an_alert_and_every_alert_is_tested_both_ways() -> None:
    names = set(alerts())
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == names
    tested = {case["name"] for file in CASES for case in read(file)["tests"]}
    assert tested == {f"{name} {what}" for name in names for what in ("fires", "does not fire")}


@pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
def test_a_panel_asks_for_what_exists_and_says_what_it_shows(board: dict[str, Any]) -> None:
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert panels
    for panel in panels:
        assert panel["description"] and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == read(MONITORING / "grafana/provisioning/datasources/prometheus.yaml")[
            "datasources"
        ][0]["uid"]  # fmt: skip
    assert {text: wrong for text in dashboards.expressions(board) if (wrong := unknown(text))} == {}


def test_the_dashboards_are_those_that_are_declared() -> None:
    written = {file: file.read_text(encoding="utf-8") for file in (MONITORING / "grafana/dashboards").glob("*.json")}
    assert written == dashboards.dashboards(), "run python -m tests.support.dashboards"


def test_the_page_of_metrics_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.support.metrics_page"


def test_every_metric_is_watched_somewhere() -> None:
    """By a dashboard or an alert: what nobody looks at need not be counted."""
    watched = " ".join(rule["expr"] for rule in alerts().values())
    watched += " ".join(text for board in boards() for text in dashboards.expressions(board))
    named = {name for name, _ in _SELECTOR.findall(watched)}
    assert [metric.name for metric in declared() if not named.intersection(metric.samples)] == []


@pytest.mark.parametrize("metric", list(declared()), ids=lambda metric: metric.name)
def test_a_metric_says_what_to_do_and_has_no_id_for_a_label(metric: Declared) -> None:
    assert re.fullmatch(r"duban(_[a-z]+){2,}", metric.name)
    assert len(metric.help) > 25
    closed = {"service", "topic", "partition", "reason", "type", "by", "state", "decided", "kind", "outcome"}
    assert set(metric.labels) <= closed | {"role", "why", "code", "transport"}


def run(*command: str) -> tuple[int, str]:
    """What a tool says of our files; skipped, and said so on the run's last lines, where the tool is not."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_prometheus_takes_its_configuration_and_rules() -> None:
    code, said = run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yaml"))
    assert code == 0, said
    assert f"{len(RULES)} rule files found" in said


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_only_then(file: Path) -> None:
    code, said = run("promtool", "test", "rules", str(file))
    assert code == 0, said


def test_alertmanager_takes_its_configuration() -> None:
    code, said = run("amtool", "check-config", str(MONITORING / "alertmanager/alertmanager.yaml"))
    if "url_file not found" in said:
        pytest.skip("this amtool is too old: a webhook's url_file came with 0.26")
    assert code == 0 and "SUCCESS" in said, said
