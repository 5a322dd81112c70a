"""Whole deploys against the bare rsync that they contain: every safety on, dependencies unchanged, with pruning."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.measuring import Row, Sample, at_once, in_turns, run
from benchmarks.tree import Project
from tests.rig import Farm, farm

BIN = Path(sys.executable).parent
NUMBER = count()


@dataclass(frozen=True)
class Bench:
    """A project and the hosts that it is deployed to."""

    project: Project
    farm: Farm
    plain: Path
    """The same files without git, for bare rsync."""

    def environment(self, name: str, hosts: int, **keys: object) -> None:
        """An environment on the first `hosts` hosts, at a DEPLOY_PATH of its own name."""
        usual = {
            "DEPLOY_HOSTS": " ".join(host.name for host in self.farm.hosts[:hosts]),
            "DEPLOY_SSH_CONFIG": self.farm.ssh_config,
            "DEPLOY_PATH": f"{self.farm.hosts[0].remote_srv}/{name}",
        }
        self.project.environment(name, **{**usual, **keys})

    def deploy(self, name: str) -> Sample:
        return run([BIN / "fab", "deploy", f"--env={name}"], cwd=self.project.root)

    def settled(self, name: str, hosts: int, **keys: object) -> None:
        """Deploy until old releases are pruned."""
        self.environment(name, hosts, **keys)
        for _ in range(5):
            self.deploy(name)

    def rsync(self, host: int, place: str) -> list[str | Path]:
        """The words of a bare rsync into one directory."""
        words = ["rsync", "-a", "--delete", "-e", f"ssh -F {self.farm.ssh_config} -o BatchMode=yes"]
        return [
            *words,
            f"{self.plain}/",
            f"{self.farm.hosts[host].name}:{self.farm.hosts[0].remote_srv}/{place}/",
        ]

    def bare(self, hosts: int, *, parallel: int = 16) -> Sample:
        return at_once([self.rsync(host, "bare") for host in range(hosts)], parallel=parallel)


@contextmanager
def bench(project: Project, directory: Path, hosts: int) -> Iterator[Bench]:
    """The project, hosts, and a copy of the tree without git."""
    plain = directory / "plain"
    shutil.copytree(project.root, plain, symlinks=True, ignore=shutil.ignore_patterns(".git", "environments"))
    with farm(directory, count=hosts) as made:
        yield Bench(project, made, plain)


def one_host(on: Bench, runs: int) -> Iterator[Row]:
    """Nothing changed, one file changed, an empty host."""
    on.settled("one", 1)
    yield in_turns(
        "nothing changed, one host", lambda: on.deploy("one"), lambda: on.bare(1), runs=runs, goal=1.5
    )

    def change(text: str) -> None:
        on.project.change(text)
        (on.plain / "page.txt").write_text(text)

    def changed() -> Sample:
        change(f"page {next(NUMBER)}\n")
        return on.deploy("one")

    yield in_turns("one file changed, one host", changed, lambda: on.bare(1), runs=runs, goal=1.65)

    def first() -> Sample:
        name = f"first{next(NUMBER)}"
        on.environment(name, 1)
        # the clone is not the host's: what is measured is a new host, not a new machine here
        cache_of(on, name)
        return on.deploy(name)

    def bare_first() -> Sample:
        return run(on.rsync(0, f"bare{next(NUMBER)}"))

    yield in_turns("first deploy, an empty host", first, bare_first, runs=max(2, runs // 2), goal=1.25)


def cache_of(on: Bench, name: str) -> None:
    """Stage the tree here, as any deploy to another host has."""
    run([BIN / "python", "-c", STAGE, name], cwd=on.project.root)


EMPTY = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"
"""Without any task the listing is refused."""
STAGE = """
import sys
from contextlib import ExitStack
from deploytasks import load_environment, plan_deploy, staging
with ExitStack() as stack:
    staging.gate(plan_deploy(load_environment(sys.argv[1])), stack).tree.result()
"""


def several_hosts(on: Bench, hosts: int, runs: int, *, parallel: int, goal: float) -> Row:
    """Nothing changed, on several hosts at once."""
    name = f"all{hosts}"
    on.settled(name, hosts, DEPLOY_PARALLEL=parallel)
    case = f"nothing changed, {hosts} hosts, {on.project.files} files"

    def floor() -> Sample:
        return on.bare(hosts, parallel=parallel)

    return in_turns(case, lambda: on.deploy(name), floor, runs=runs, goal=goal)


def listings(directory: Path, project: Project, runs: int) -> Iterator[Row]:
    """`fab --list` and `inv --list` against those of an empty file."""
    for program, file in (("fab", "fabfile.py"), ("inv", "tasks.py")):
        empty = directory / f"empty-{program}"
        empty.mkdir()
        (empty / file).write_text(EMPTY)
        full = directory / f"full-{program}"
        full.mkdir()
        shutil.copy(project.root / "fabfile.py", full / file)
        words: Sequence[str | Path] = [BIN / program, "--list"]
        yield in_turns(
            f"{program} --list",
            lambda words=words, full=full: run(words, cwd=full),  # type: ignore[misc]
            lambda words=words, empty=empty: run(words, cwd=empty),  # type: ignore[misc]
            runs=runs * 2,
            goal=1.25,
        )
