"""Measuring whole processes, each case in turns with its floor, so that both meet the same machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Words = Sequence[str | Path]
Work = Callable[[], "Sample"]


@dataclass(frozen=True)
class Sample:
    """One run of a process: seconds on the clock; of processor, its children's included; the most MB of one of them.

    Memory is an upper bound: before its program starts, a child counts what the benchmark itself has.
    """

    seconds: float
    worked: float = 0.0
    megabytes: float = 0.0


@dataclass(frozen=True)
class Row:
    """One case and its floor, measured in turns."""

    case: str
    samples: tuple[Sample, ...]
    floor: tuple[Sample, ...]
    goal: float | None = None
    """The ratio that is aimed at."""
    limit: float | None = None
    """The ratio that is still good, where that is another."""
    memory_goal: float | None = None
    """The MB that its largest process may have."""

    @property
    def seconds(self) -> float:
        return statistics.median(one.seconds for one in self.samples)

    @property
    def floor_seconds(self) -> float:
        return statistics.median(one.seconds for one in self.floor)

    @property
    def worked(self) -> float:
        """Processor seconds on this side: what a loaded machine changes little."""
        return statistics.median(one.worked for one in self.samples)

    @property
    def ratio(self) -> float:
        """The median of the ratios of neighbours."""
        pairs = zip(self.samples, self.floor, strict=True)
        return statistics.median(one.seconds / floor.seconds for one, floor in pairs)

    @property
    def megabytes(self) -> float:
        return max(one.megabytes for one in self.samples)

    @property
    def verdict(self) -> str:
        """Against the goal, the limit and the memory's goal; empty without a goal."""
        if self.goal is None:
            return ""
        if self.memory_goal is not None and self.megabytes > self.memory_goal:
            return "MISSED"
        if self.ratio <= self.goal:
            return "met"
        return "within the limit" if self.ratio <= (self.limit or self.goal) else "MISSED"

    def document(self) -> dict[str, Any]:
        """For JSON, every sample included."""
        return {
            "case": self.case,
            "seconds": self.seconds,
            "spread": spread(self.samples),
            "worked": self.worked,
            "megabytes": self.megabytes,
            "floor": self.floor_seconds,
            "floor_spread": spread(self.floor),
            "ratio": self.ratio,
            "goal": self.goal,
            "limit": self.limit,
            "memory_goal": self.memory_goal,
            "verdict": self.verdict,
            "samples": [one.seconds for one in self.samples],
            "floor_samples": [one.seconds for one in self.floor],
        }

    def __str__(self) -> str:
        goal = f"  goal {self.goal:.2f} {self.verdict}" if self.goal else ""
        return (
            f"{self.case:<48}{self.seconds:7.2f} s ±{spread(self.samples):3.0f} %{self.worked:7.2f} s"
            f"{self.megabytes:5.0f} MB{self.floor_seconds:8.2f} s ±{spread(self.floor):3.0f} %"
            f"{self.ratio:7.2f}{goal}"
        )


HEADING = f"{'case':<48}{'median':>9}{'':7}{'worked':>8}{'peak':>9}{'floor':>9}{'':8}{'ratio':>6}"


def spread(samples: Sequence[Sample]) -> float:
    """Half the distance between the fastest and the slowest, in percent of the median: the machine's noise."""
    seconds = [one.seconds for one in samples]
    return 50 * (max(seconds) - min(seconds)) / statistics.median(seconds)


def in_turns(*works: Work, runs: int) -> list[tuple[Sample, ...]]:
    """The samples of each, measured one after the other `runs` times, after a first round that does not count."""
    rounds = [tuple(work() for work in works) for _ in range(runs + 1)]
    return list(zip(*rounds[1:], strict=True))


def run(words: Words, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Sample:
    """Run a program to its end. Raises RuntimeError with what it printed when it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        line = " ".join(map(str, words))
        raise RuntimeError(f"{line}: exit code {process.returncode}\n{said.decode('utf-8', 'replace')}")
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def at_once(all_words: Sequence[Words], *, parallel: int) -> Sample:
    """Run programs at once, at most `parallel` at a time."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        samples = list(pool.map(run, all_words))
    seconds = time.perf_counter() - begun
    worked = sum(one.worked for one in samples)
    return Sample(seconds, worked, max(one.megabytes for one in samples))
