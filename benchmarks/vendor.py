"""Vendored dependencies against git's own commands, in the same run: `python benchmarks/vendor.py [COUNT]`.

Prints medians of five runs and ratios: status and gate against one `git submodule status`, the first update against
`git submodule update --init --recursive`.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deploytasks.vendor import gate
from deploytasks.vendor.status import status
from deploytasks.vendor.update import update
from examples.building import WHO, git

RUNS = 5


def build(directory: Path, count: int) -> Path:
    """A project with `count` submodules of three files each."""
    server = directory / "server"
    server.mkdir()
    project = begin(directory / "project")
    for number in range(count):
        tree = begin(directory / f"package{number}")
        for name in ("a", "b", "c"):
            (tree / f"{name}.py").write_text(f"X = {number}\n")
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message", "Begin")
        git(directory, "clone", "--quiet", "--bare", tree.name, f"server/package{number}.git")
        git(
            project,
            "submodule",
            "--quiet",
            "add",
            str(server / f"package{number}.git"),
            f"vendor/package{number}",
        )
    git(project, "commit", "--quiet", "--message", "Begin")
    return project


def begin(tree: Path) -> Path:
    git(tree.parent, "init", "--quiet", "--initial-branch=main", tree.name)
    for key, value in WHO.items():
        git(tree, "config", key, value)
    return tree


def measured(work: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    """The median of the seconds of several runs."""
    seconds = []
    for _ in range(RUNS):
        prepare()
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        project, clone = build(directory, count), directory / "clone"

        def fresh() -> None:
            shutil.rmtree(clone, ignore_errors=True)
            git(directory, "clone", "--quiet", str(project), str(clone))

        floor = measured(lambda: git(project, "submodule", "status"))
        rows = [
            ("vendor.status", measured(lambda: status(project)), floor),
            ("gate", measured(lambda: gate(project, "HEAD", local_urls=True)), floor),
        ]
        first = measured(lambda: git(clone, "submodule", "--quiet", "update", "--init", "--recursive"), fresh)
        rows.append(("first vendor.update", measured(lambda: update(clone, local_urls=True), fresh), first))
    print(f"{count} submodules, medians of {RUNS}")
    for what, seconds, git_seconds in rows:
        print(f"{what:<22}{seconds:7.3f} s   git {git_seconds:7.3f} s   ratio {seconds / git_seconds:5.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
