"""Whole deploys against the bare rsync that they contain: every safety on, dependencies unchanged, with pruning."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.measuring import Row, Sample, at_once, in_turns, run
from benchmarks.tree import FABFILE, Project
from tests.rig import Farm, farm

BIN = Path(sys.executable).parent
NUMBER = count()
KEPT = 5
"""The default of DEPLOY_KEEP_RELEASES."""


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

    def change(self) -> None:
        """Commit a change of one file, and make it for rsync too."""
        self.project.change(f"page {next(NUMBER)}\n")
        shutil.copy(self.project.root / "page.txt", self.plain)

    def deploy(self, name: str) -> Sample:
        return run([BIN / "fab", "deploy", f"--env={name}"], cwd=self.project.root)

    def settled(self, name: str, hosts: int, **keys: object) -> None:
        """Deploy until an old release was pruned, and the next deploy begins like every later one."""
        self.environment(name, hosts, **keys)
        for _ in range(KEPT + 2):
            self.deploy(name)

    def rsync(
        self, host: int, place: str, *, how: Sequence[str] = ("-a",), config: Path | None = None
    ) -> list[str | Path]:
        """The words of a bare rsync into one directory."""
        ssh = f"ssh -F {config or self.farm.ssh_config} -o BatchMode=yes"
        return [
            *("rsync", *how, "--delete", "-e", ssh),
            f"{self.plain}/",
            f"{self.farm.hosts[host].name}:{self.farm.hosts[0].remote_srv}/{place}/",
        ]

    def bare(self, hosts: int, *, parallel: int = 16) -> Sample:
        return at_once([self.rsync(host, "bare") for host in range(hosts)], parallel=parallel)


@contextmanager
def bench(project: Project, directory: Path, hosts: int, *, jump: bool = False) -> Iterator[Bench]:
    """The project, hosts (and a jump host), and a copy of the tree without git."""
    plain = directory / "plain"
    shutil.copytree(project.root, plain, symlinks=True, ignore=shutil.ignore_patterns(".git", "environments"))
    with farm(directory, count=hosts, jump=jump) as made:
        yield Bench(project, made, plain)


def one_host(on: Bench, runs: int) -> Iterator[Row]:
    """Nothing changed, one file changed, an empty host; the environment `one` is settled."""

    def changed() -> Sample:
        on.change()
        return on.deploy("one")

    same, bare = in_turns(lambda: on.deploy("one"), lambda: on.bare(1), runs=runs)
    unchanged = Row("nothing changed, one host", same, bare, goal=1.5, limit=2.0)
    yield unchanged
    page, bare = in_turns(changed, lambda: on.bare(1), runs=runs)
    yield Row("one file changed, one host", page, bare, goal=1.1 * unchanged.ratio)
    first, empty = in_turns(
        lambda: on.deploy(elsewhere(on, "first")),
        lambda: run(on.rsync(0, f"bare{next(NUMBER)}")),
        runs=max(2, runs // 2),
    )
    yield Row("first deploy, an empty host", first, empty, goal=1.25)


def elsewhere(on: Bench, name: str) -> str:
    """Point an environment at a directory that is not there yet; this machine has deployed it before."""
    on.environment(name, 1, DEPLOY_PATH=f"{on.farm.hosts[0].remote_srv}/{name}-{next(NUMBER)}")
    return name


EMPTY = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"
"""Without any task the listing is refused."""


def several_hosts(
    on: Bench, hosts: int, runs: int, *, goal: float | None = None, memory_goal: float | None = None
) -> Row:
    """Nothing changed, on several hosts at once."""
    name = f"all{hosts}"
    on.settled(name, hosts)
    deploys, bare = in_turns(lambda: on.deploy(name), lambda: on.bare(hosts), runs=runs)
    case = f"nothing changed, {hosts} host{'s' * (hosts > 1)}, {on.project.described}"
    return Row(case, deploys, bare, goal=goal, memory_goal=memory_goal)


def listings(directory: Path, runs: int) -> Iterator[Row]:
    """`fab --list` and `inv --list` against those of a file with one task."""
    for program, file in (("fab", "fabfile.py"), ("inv", "tasks.py")):
        places = {"empty": EMPTY, "full": FABFILE}
        for name, text in places.items():
            (directory / f"{program}-{name}").mkdir()
            (directory / f"{program}-{name}" / file).write_text(text)

        def listed(name: str, program: str = program) -> Sample:
            return run([BIN / program, "--list"], cwd=directory / f"{program}-{name}")

        full, empty = in_turns(partial(listed, "full"), partial(listed, "empty"), runs=runs)
        yield Row(f"{program} --list", full, empty, goal=1.25)
