"""Vendored dependencies against git's own commands, in turns: `python -m benchmarks.vendor [SUBMODULES [RUNS]]`.

Status and gate against one `git submodule status`, the first update against `git submodule update --init --recursive`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import HEADING, Row, Sample, in_turns, run
from deploytasks.vendored import gate
from deploytasks.vendored.status import status
from deploytasks.vendored.update import update
from examples.building import WHO, git


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
    (project / "fabfile.py").write_text("from deploytasks import namespace\n\nns = namespace()\n")
    (project / "tasks.py").write_text("from fabfile import ns\n")
    (project / ".gitignore").write_text("__pycache__/\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Begin")
    return project


def begin(tree: Path) -> Path:
    git(tree.parent, "init", "--quiet", "--initial-branch=main", tree.name)
    for key, value in WHO.items():
        git(tree, "config", key, value)
    return tree


def timed(work: Callable[[], object]) -> Sample:
    """One call in this process."""
    begun = time.perf_counter()
    work()
    return Sample(time.perf_counter() - begun)


def against_status(project: Path, runs: int) -> list[Row]:
    """What is asked of submodules that are here, against one `git submodule status`; the command, and its core."""
    inv = Path(sys.executable).parent / "inv"
    by_git, *ours = in_turns(
        lambda: run(["git", "submodule", "status"], cwd=project),
        lambda: run([inv, "vendor.status"], cwd=project),
        lambda: timed(lambda: status(project)),
        lambda: timed(lambda: gate(project, "HEAD", local_urls=True)),
        lambda: timed(lambda: gate(project, "HEAD", source="worktree", local_urls=True)),
        runs=runs,
    )
    names = ("inv vendor.status", "vendor.status", "the gate of commit mode", "the gate of worktree mode")
    return [Row(name, one, by_git, goal=2.0) for name, one in zip(names, ours, strict=True)]


def against_update(project: Path, clone: Path, runs: int) -> list[Row]:
    """The first `vendor.update` of a clone, against `git submodule update --init --recursive`."""

    def fresh(work: Callable[[], Sample]) -> Callable[[], Sample]:
        def measured() -> Sample:
            shutil.rmtree(clone, ignore_errors=True)
            git(clone.parent, "clone", "--quiet", str(project), str(clone))
            return work()

        return measured

    words = [
        "git",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]
    inv = Path(sys.executable).parent / "inv"
    by_git, *ours = in_turns(
        fresh(lambda: run(words, cwd=clone)),
        fresh(lambda: run([inv, "vendor.update", "--local-urls"], cwd=clone)),
        fresh(lambda: timed(lambda: update(clone, local_urls=True))),
        runs=runs,
    )
    names = ("inv vendor.update, the first", "vendor.update, the first")
    return [Row(name, one, by_git, goal=0.5) for name, one in zip(names, ours, strict=True)]


def main(count: int, runs: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        project = build(directory, count)
        print(f"{count} submodules, medians of {runs} runs in turns\n{HEADING}")
        for row in (*against_status(project, runs), *against_update(project, directory / "clone", runs)):
            print(row, flush=True)


if __name__ == "__main__":
    main(*map(int, (*sys.argv[1:], *("40", "7")[len(sys.argv) - 1 :])))
