"""Another version of the product: a copy of its code with an edit, to run beside the present one."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.faults.fleet import ROOT

Edit = tuple[str, str, str]
"""File, what stands in it once, what stands there instead."""


def edited(directory: Path, edits: Sequence[Edit]) -> Path:
    """The root of the copy."""
    for part in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / part, directory / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in edits:
        text = (directory / file).read_text()
        assert text.count(old) == 1, f"{file} does not hold {old!r} once"
        (directory / file).write_text(text.replace(old, new))
    return directory
