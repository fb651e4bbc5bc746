"""Every planted bug can still be planted, and a failpoint kills exactly one process, only where it is armed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.cluster import ROOT, copy_tree
from tests.crash.mutations import MUTATIONS, DoesNotApply, apply


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_bug_fits_the_tree_and_still_compiles(name: str, tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    apply(name, tree)
    for replacement in MUTATIONS[name].replacements:
        planted = (tree / replacement.file).read_text()
        assert planted != (ROOT / replacement.file).read_text()
        if replacement.file.endswith(".py"):
            compile(planted, replacement.file, "exec")


def test_a_bug_that_does_not_fit_is_not_planted_in_silence(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    apply("fold-by-receipt", tree)
    with pytest.raises(DoesNotApply):
        apply("fold-by-receipt", tree)


def reaching(points: Path | None) -> int:
    """A process that reaches two failpoints; how it ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if points is not None:
        environment["DUBAN_FAILPOINTS"] = str(points)
    code = "from shared.failpoints import reach; reach('one'); reach('two')"
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode


def test_an_armed_failpoint_kills_one_process_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "two").touch()
    assert reaching(None) == 0
    assert reaching(tmp_path) == -signal.SIGKILL
    assert reaching(tmp_path) == 0
    assert [file.name.partition(".")[0] for file in tmp_path.iterdir()] == ["two"]
