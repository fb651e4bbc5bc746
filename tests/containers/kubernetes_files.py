"""The manifests of deploy/kubernetes as a cluster gets them.

kustomize is not on every machine, so what the base uses of it is done here: one patch over every Deployment, literals
of the settings. Where kustomize is, a test compares.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "deploy" / "kubernetes" / "base"
EXAMPLE = ROOT / "deploy" / "kubernetes" / "overlays" / "example"


def documents(file: Path) -> Iterator[Manifest]:
    """Those of one file."""
    yield from yaml.safe_load_all(file.read_text())


def manifests() -> list[Manifest]:
    """What the example's files come to, the patch applied; without generated names, namespace and image."""
    patch = next(documents(BASE / "pod.yaml"))
    found = []
    for directory in (BASE, EXAMPLE):
        kustomization = next(documents(directory / "kustomization.yaml"))
        files = [name for name in kustomization["resources"] if name.endswith(".yaml")]
        found += [document for name in files for document in documents(directory / name)]
    return [laid_over(one, without_name(patch)) if one["kind"] == "Deployment" else one for one in found]


def of_kind(kind: str) -> list[Manifest]:
    return [one for one in manifests() if one["kind"] == kind]


def without_name(patch: Manifest) -> Manifest:
    return {name: value for name, value in patch.items() if name != "metadata"}


def laid_over(base: Any, patch: Any) -> Any:
    """A strategic merge: objects by key, containers by name; whatever else the patch has replaces."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return base | {name: laid_over(base[name], value) if name in base else value for name, value in patch.items()}
    if isinstance(base, list) and all(isinstance(one, dict) and "name" in one for one in [*base, *patch]):
        patches = {one["name"]: one for one in patch}
        merged = [laid_over(one, patches.pop(one["name"], {})) for one in base]
        return [*merged, *patches.values()]
    return patch


def settings() -> Mapping[str, str]:
    """The ConfigMap that the pods get: the base's literals, then the example's."""
    found: dict[str, str] = {}
    for directory in (BASE, EXAMPLE):
        for generated in next(documents(directory / "kustomization.yaml"))["configMapGenerator"]:
            found |= dict(literal.split("=", 1) for literal in generated["literals"])
    return found
