"""What must hold of a compose stack that runs, each as one named question."""

import json
import time
import urllib.parse
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2

from tests.compose.stack import SERVICES, Stack

LIMIT_S = 90.0
PAUSE_S = 0.5
CLOCKS, LATE = 244, 158
"""Of doj_foia, counted from the log alone: its README and tests/acceptance."""
EVENT = {
    "specversion": "1.0", "type": "matter.submitted", "version": 1, "source": "/quanzhou/approvals", "id": "compose-1",
    "subject": "quanzhou/compose-1", "time": "2026-01-20T10:00:00+08:00",
    "data": {"occurred_at": "2026-01-20T10:00:00+08:00", "item": "general-licence", "unit": "planning"},
}  # fmt: skip


class Checks:
    """Asked one after the other; each is told at once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.wrong: list[str] = []

    def everything(self) -> None:
        self._containers_are_hardened()
        self._who_is_nobody_is_refused()
        self._the_replay_comes_to_the_counts()
        self._replicas_share_the_partitions()
        self._monitoring_sees_every_replica()

    def _containers_are_hardened(self) -> None:
        for container in self._stack.containers():
            host, user = container["HostConfig"], container["Config"]["User"]
            addresses = {b["HostIp"] for bindings in (host["PortBindings"] or {}).values() for b in bindings}
            good = host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and user not in ("", "root", "0")
            name = f"{container['Name'].lstrip('/')} writes nowhere, has no rights, opens loopback only"
            self._tell(name, good and addresses <= {"127.0.0.1"}, (host["CapDrop"], user, addresses))
        compilers = self._stack.inside("intake", "sh", "-c", "command -v gcc cc g++ make || echo none").strip()
        self._tell("the final image has no compiler", compilers == "none", compilers)

    def _who_is_nobody_is_refused(self) -> None:
        intake = f"http://{self._stack.published('intake', 1)}/v1/events"
        self._tell("an event without a token is refused", _post(intake, None)[0] == 401)
        reader = self._stack.token("auditor")
        self._tell("an auditor may not publish", _post(intake, reader)[0] == 403)
        stranger = self._stack.token("publisher", "--authority", "fuzhou", "--source", "/fuzhou/approvals")
        status, answer = _post(intake, stranger)
        self._tell(
            "a publisher may not write another authority's matters", "accepted" not in str(answer), (status, answer)
        )
        own = self._stack.token("publisher", "--authority", "quanzhou", "--source", "/quanzhou/approvals")
        status, answer = _post(intake, own)
        self._tell("a publisher may write its own", status == 202 and "accepted" in str(answer), (status, answer))

    def _the_replay_comes_to_the_counts(self) -> None:
        came_to = self._stack.replay()
        lost = came_to["refused"]["total"], came_to["unmapped"]["total"], came_to["dead_letters"]
        self._tell("nothing was refused, unmapped or dead", lost == (0, 0, 0), lost)
        outcomes = {name: count for name, count in came_to["outcomes"].items() if count}
        self._tell(f"{CLOCKS} clocks, {LATE} late", outcomes == {"met": CLOCKS - LATE, "late": LATE}, outcomes)
        self._tell(f"{LATE} cases stand", (came_to["cases"], came_to["standing"]) == (LATE, LATE), came_to)
        self._tell("the report has a row for each clock", len(self._stack.report()) == CLOCKS + 1)
        opened = self._stack.sql("select count(*) from accountability.cases where authority = 'us-doj'")
        self._tell(f"{LATE} cases were ever opened", opened == str(LATE), opened)

    def _replicas_share_the_partitions(self) -> None:
        for service in SERVICES:
            self._until(f"both replicas of {service} read partitions, all together", partial(self._shared, service))

    def _shared(self, service: str) -> bool:
        owned = self._query(f'duban_consumer_owned_partitions{{service="{service}"}}')
        every = self._query(f'max(duban_consumer_topic_partitions{{service="{service}"}})')
        return len(owned) == 2 and min(owned) > 0 and [sum(owned)] == every

    def _monitoring_sees_every_replica(self) -> None:
        self._until("Prometheus scrapes two replicas of each service", self._all_up)
        groups = self._stack.get("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self._tell(f"its {len(rules)} rules are loaded and healthy", bool(rules) and self._healthy(), groups)
        found = self._stack.get("http://127.0.0.1:9090/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        self._tell("it has found Alertmanager", len(found) == 1, found)
        ready = self._stack.get("http://alertmanager:9093/api/v2/status")["config"]["original"]
        self._tell("Alertmanager has its configuration", "operators" in ready)
        health = self._stack.get("http://grafana:3000/api/health")
        self._tell(f"Grafana answers: {health['version']}", health["database"] == "ok")

    def _healthy(self) -> bool:
        def every_rule_is() -> bool:
            groups = self._stack.get("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]
            return all(rule["health"] == "ok" for group in groups for rule in group["rules"])

        return _until(every_rule_is)

    def _all_up(self) -> bool:
        targets = self._stack.get("http://127.0.0.1:9090/api/v1/targets?state=active")["data"]["activeTargets"]
        up = [target["labels"]["job"] for target in targets if target["health"] == "up"]
        return {service: up.count(service) for service in SERVICES} == dict.fromkeys(SERVICES, 2)

    def _query(self, expression: str) -> list[float]:
        quoted = urllib.parse.quote(expression)
        found = self._stack.get(f"http://127.0.0.1:9090/api/v1/query?query={quoted}")["data"]["result"]
        return [float(sample["value"][1]) for sample in found]

    def _until(self, name: str, holds: Callable[[], bool]) -> None:
        self._tell(name, _until(holds))

    def _tell(self, name: str, holds: bool, seen: Any = "") -> None:
        print(f"  {'ok   ' if holds else 'WRONG'} {name}", flush=True)
        if not holds:
            self.wrong.append(f"{name}: {seen}" if seen else name)


def _until(holds: Callable[[], bool]) -> bool:
    """Whether it holds within the limit."""
    end = time.monotonic() + LIMIT_S
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(PAUSE_S)
    return held


def _post(url: str, token: str | None) -> tuple[int, Any]:
    headers = {"content-type": "application/cloudevents+json"} | ({"authorization": f"Bearer {token}"} if token else {})
    answer = httpx2.post(url, content=json.dumps(EVENT), headers=headers, timeout=10)
    return answer.status_code, answer.json()
