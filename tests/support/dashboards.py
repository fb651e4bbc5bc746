"""Writes the dashboards that deploy/monitoring/grafana/dashboards.yaml declares, as Grafana reads them.

`python -m tests.support.dashboards` writes what is checked in; a test says when it is not up to date.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

GRAFANA = Path(__file__).resolve().parents[2] / "deploy" / "monitoring" / "grafana"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, LINE = 8, 8, 24


def dashboards() -> dict[Path, str]:
    """Each file with what it should hold."""
    declared = yaml.safe_load((GRAFANA / "dashboards.yaml").read_text(encoding="utf-8"))
    return {
        GRAFANA / "dashboards" / f"{board['uid']}.json": json.dumps(
            _board(board, declared["every_service"]), indent=1, ensure_ascii=False
        )
        + "\n"
        for board in declared["dashboards"]
    }


def expressions(board: dict[str, Any]) -> list[str]:
    """Every query of a dashboard as Grafana has it."""
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


def _board(declared: dict[str, Any], every_service: dict[str, Any]) -> dict[str, Any]:
    rows = list(declared["rows"])
    if "service" in declared:
        text = json.dumps(every_service).replace("SERVICE", declared["service"])
        rows.append(json.loads(text))
    panels = [{**panel, "id": id} for id, panel in enumerate(_panels(rows), start=1)]
    return {
        "uid": declared["uid"],
        "title": declared["title"],
        "tags": ["duban"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "tags": ["duban"], "title": "Duban", "asDropdown": False}],
        "panels": panels,
    }


def _panels(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    y = 0
    for row in rows:
        yield {"type": "row", "title": row["title"], "gridPos": {"x": 0, "y": y, "w": LINE, "h": 1}, "collapsed": False}
        y += 1
        for index, panel in enumerate(row["panels"]):
            across, down = index * WIDTH % LINE, index * WIDTH // LINE * HEIGHT
            yield _panel(panel, {"x": across, "y": y + down, "w": WIDTH, "h": HEIGHT})
        y += -(-len(row["panels"]) * WIDTH // LINE) * HEIGHT


def _panel(panel: dict[str, Any], at: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend, "range": True}
        for n, (legend, expr) in enumerate(panel["queries"].items())
    ]
    drawn = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "auto", "spanNulls": False}
    return {
        "type": "timeseries",
        "title": panel["title"],
        "description": panel["about"],
        "gridPos": at,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel["unit"], "min": panel.get("min"), "custom": drawn}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


if __name__ == "__main__":
    for file, content in dashboards().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
        print(file.relative_to(GRAFANA.parents[2]))
