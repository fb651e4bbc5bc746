"""deploy/kubernetes: valid for a cluster by Kubernetes' own schemas, closed by default, and true to the code."""

import copy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.cli.settings_shown import shown_settings
from shared import metrics
from shared.events.catalog import topics
from shared.exposure import refuse_exposure
from shared.http import create_api
from tests.containers.kubernetes_files import BASE, EXAMPLE, ROOT, Manifest, laid_over, manifests, of_kind, settings
from tests.containers.settings_of import SERVICES, known_variables, read_settings

VERSIONS = ("1.33", "1.37")
"""The oldest that is meant to take the manifests, and the newest whose schemas the package has."""
PODS = [*of_kind("Deployment"), *of_kind("Job")]


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", manifests(), ids=name_of)
def test_kubernetes_would_take_it(manifest: Manifest, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def spoil(change: Callable[[Manifest], Any]) -> Manifest:
    spoiled = copy.deepcopy(PODS[0])
    change(spoiled["spec"]["template"]["spec"])
    return spoiled


@pytest.mark.parametrize(
    "spoiled",
    [
        spoil(lambda pod: pod["containers"][0].update(livenesProbe={})),
        spoil(lambda pod: pod["containers"][0]["ports"][0].update(containerPort="http")),
        spoil(lambda pod: pod["containers"][0].pop("name")),
    ],
    ids=["a misspelt field", "a word for a number", "a field that is missing"],
)
def test_the_schemas_refuse_what_is_wrong(spoiled: Manifest) -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoiled, VERSIONS[0], strict=True)


def test_each_service_has_all_that_it_needs() -> None:
    for kind in ("Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert sorted(one["metadata"]["name"] for one in of_kind(kind)) == sorted(SERVICES), kind
    services = {one["metadata"]["name"]: one["spec"] for one in of_kind("Service")}
    assert set(services) == {*SERVICES, *(f"{name}-api" for name in SERVICES)}
    for name in SERVICES:
        assert services[name]["clusterIP"] == "None", "an address for each replica"
        for spec in (services[name], services[f"{name}-api"]):
            assert spec["selector"] == {"duban.service": name}
            assert spec["ports"] == [{"name": "http", "port": 8080, "targetPort": "http"}]


@pytest.mark.parametrize("manifest", of_kind("Deployment"), ids=name_of)
def test_a_deployment_runs_its_module_under_probes_that_exist(manifest: Manifest) -> None:
    name, spec = manifest["metadata"]["name"], manifest["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == {"duban.service": name}
    assert labels == {"duban.service": name, "duban.client": "true"}
    (container,) = spec["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", f"services.{name}"]
    assert (ROOT / "services" / name / "__main__.py").exists()
    assert container["ports"] == [{"name": "http", "containerPort": int(settings()["DUBAN_HTTP_PORT"])}]
    api = create_api("probes", live=lambda: None, ready=lambda: None)
    routes = {getattr(route, "path", "") for route in api.routes}
    probes = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert probes == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    assert set(probes.values()) <= routes
    assert "replicas" not in spec, "autoscaling says how many"


@pytest.mark.parametrize("manifest", PODS, ids=name_of)
def test_a_pod_is_closed(manifest: Manifest) -> None:
    pod = manifest["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert "env" not in container, "settings come from the ConfigMap, secrets from files"


def test_no_more_replicas_than_partitions_and_a_metric_that_exists() -> None:
    partitions = {topic.partitions for name, topic in topics().items() if not name.endswith("-dlq")}
    for scaler in of_kind("HorizontalPodAutoscaler"):
        name, spec = scaler["metadata"]["name"], scaler["spec"]
        assert {spec["maxReplicas"]} == partitions
        assert spec["minReplicas"] == 2
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        (metric,) = spec["metrics"]
        assert metric["external"]["metric"]["name"] == next(iter(metrics.LAG.describe())).name
        assert metric["external"]["metric"]["selector"] == {"matchLabels": {"service": name}}


def test_nothing_passes_that_no_policy_names() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, spec in policies.items():
        for direction in ("ingress", "egress"):
            for rule in spec.get(direction, []):
                assert rule.get("from") or rule.get("to"), f"{name} lets everybody in or out"
                assert rule["ports"], f"{name} opens every port"


def test_the_settings_are_real_and_let_a_service_run(tmp_path: Path) -> None:
    assert set(settings()) <= known_variables()
    required = {row["name"] for row in shown_settings({}) if row["default"].startswith("none")}
    assert required <= {name.removesuffix("_FILE") for name in settings()}
    directory = tmp_path / "duban"
    directory.mkdir()
    (directory / "kafka_password").write_text("secret")
    (directory / "postgres_dsn").write_text("postgresql://duban:secret@db:5432/duban?sslmode=verify-full")
    for service in SERVICES:
        refuse_exposure(read_settings(service, settings(), tmp_path))


def test_no_secret_is_stored() -> None:
    assert of_kind("Secret") == []
    files = [*BASE.rglob("*.yaml"), *EXAMPLE.rglob("*.yaml")]
    assert not any("secretGenerator" in file.read_text() for file in files)


def test_kustomize_makes_of_it_what_was_checked_here() -> None:
    program = shutil.which("kustomize")
    if program is None:
        pytest.skip("no kustomize on PATH: the manifests were checked as this test's own merge makes them")
    run = subprocess.run([program, "build", EXAMPLE], check=True, capture_output=True, text=True, timeout=60)
    made = {name_of(one): one for one in yaml.safe_load_all(run.stdout)}
    assert sum(name.startswith("ConfigMap") for name in made) == 1
    assert len(made) == len(manifests()) + 1
    for manifest in manifests():
        rendered = made[name_of(manifest)]
        assert laid_over(rendered, placed(manifest, rendered)) == rendered, name_of(manifest)


def placed(manifest: Manifest, rendered: Manifest) -> Manifest:
    """With the image and the generated name of the ConfigMap that the rendered one has: only kustomize knows these."""
    ours = copy.deepcopy(manifest)
    if "template" in ours.get("spec", {}):
        theirs = rendered["spec"]["template"]["spec"]["containers"][0]
        container = ours["spec"]["template"]["spec"]["containers"][0]
        assert theirs["image"] == "registry.example.org/duban:0.1.0"
        assert theirs["envFrom"][0]["configMapRef"]["name"].startswith("duban-")
        container |= {"image": theirs["image"], "envFrom": theirs["envFrom"]}
    return ours
