"""What each further host costs this side, and whether 200 fit into a process that may have 1024 files open."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks import tree
from benchmarks.deploying import BIN, Bench, bench
from benchmarks.measuring import Sample

FEW, MORE, MANY = 8, 64, 200
"""Hosts: each further one costs what MORE cost more than FEW; MANY must fit."""
OPEN_FILES = 1024
LOOK_EVERY = 0.02
NUMBER = count()


@dataclass(frozen=True)
class Further:
    """Processor on this side for every further host."""

    case: str
    milliseconds: float
    goal: float

    @property
    def missed(self) -> bool:
        return self.milliseconds > self.goal

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "further": self.case,
            "milliseconds": self.milliseconds,
            "goal": self.goal,
            "missed": self.missed,
        }

    def __str__(self) -> str:
        verdict = "MISSED" if self.missed else "met"
        return f"{self.case:<48}{self.milliseconds:6.0f} ms of processor  goal {self.goal:.0f} {verdict}"


@dataclass(frozen=True)
class Crowd:
    """One deploy to many hosts at once."""

    case: str
    code: int
    seconds: float
    worked: float
    descriptors: int
    """The most that were open at once, as often as was looked."""
    megabytes: float
    said: str
    """The end of what it printed, where it failed."""

    @property
    def missed(self) -> bool:
        return self.code != 0 or self.megabytes > 150 or self.descriptors > 1.2 * MANY

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {**vars(self), "missed": self.missed}

    def __str__(self) -> str:
        verdict = "MISSED" if self.missed else "met"
        return (
            f"{self.case:<48}{self.seconds:7.2f} s{self.worked:15.2f} s{self.megabytes:5.0f} MB"
            f"  exit {self.code}, {self.descriptors} files open  {verdict}{self.said}"
        )


def many(directory: Path, runs: int) -> Iterator[Further | Crowd]:
    """A small tree to hosts on the loopback."""
    with bench(tree.small(directory, files=300), directory, MANY) as on:
        yield from further(on, runs)
        yield from crowd(on)


def further(on: Bench, runs: int) -> Iterator[Further]:
    """Few and more hosts in turns."""
    for hosts in (FEW, MORE):
        on.settled(f"many{hosts}", hosts)

    def nothing(hosts: int) -> Sample:
        return on.deploy(f"many{hosts}")

    def file(hosts: int) -> Sample:
        on.change()
        return on.deploy(f"many{hosts}")

    def first(hosts: int) -> Sample:
        on.environment("manyfirst", hosts, DEPLOY_PATH=f"{on.farm.hosts[0].remote_srv}/{next(NUMBER)}")
        return on.deploy("manyfirst")

    cases: tuple[tuple[str, Callable[[int], Sample], float], ...] = (
        ("nothing changed", nothing, 20),
        ("one file", file, 40),
        ("first deploy", first, 100),
    )
    for what, work, goal in cases:
        slopes = [(work(MORE).worked - work(FEW).worked) / (MORE - FEW) for _ in range(runs)]
        yield Further(f"each further host, {what}", 1000 * statistics.median(slopes), goal)


def crowd(on: Bench) -> Iterator[Crowd]:
    """As many as must fit, once each: a first deploy, one file, nothing."""
    on.environment("crowd", MANY)
    for what in ("first deploy", "one file", "nothing changed"):
        if what == "one file":
            on.change()
        yield limited(f"{what}, {MANY} hosts, {OPEN_FILES} open files", on, "crowd")


def limited(case: str, on: Bench, name: str) -> Crowd:
    """A deploy that may not have more files open, watched meanwhile."""
    shell = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(OPEN_FILES)]
    begun = time.perf_counter()
    with (on.farm.directory / "said").open("wb+") as output:
        process = subprocess.Popen(
            [*shell, BIN / "fab", "deploy", f"--env={name}"],
            cwd=on.project.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        looks: list[int] = [0]
        ended = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, looks, ended))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
        output.seek(0)
        said = (
            output.read().decode("utf-8", "replace").strip().splitlines()[-1:] if process.returncode else []
        )
    return Crowd(
        case,
        process.returncode,
        time.perf_counter() - begun,
        usage.ru_utime + usage.ru_stime,
        max(looks),
        usage.ru_maxrss / 1024,
        "".join(f"\n  {line[:150]}" for line in said),
    )


def watch(pid: int, looks: list[int], ended: threading.Event) -> None:
    """Keep how many files a process has open, until it has ended; nothing where the system does not tell."""
    while not ended.wait(LOOK_EVERY):
        try:
            looks.append(len(os.listdir(f"/proc/{pid}/fd")))
        except OSError:
            continue
