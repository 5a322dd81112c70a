"""Measuring whole processes, each case interleaved with its floor, so that both meet the same machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Work = Callable[[], "Sample"]


@dataclass(frozen=True)
class Sample:
    """One run: seconds on the clock, and the largest memory of one process of it in MB."""

    seconds: float
    megabytes: float = 0.0


@dataclass(frozen=True)
class Row:
    """One case and its floor, as measured in turns."""

    case: str
    samples: tuple[Sample, ...]
    floor: tuple[Sample, ...]
    goal: float | None = None
    """The ratio that is aimed at."""

    @property
    def seconds(self) -> float:
        return statistics.median(one.seconds for one in self.samples)

    @property
    def floor_seconds(self) -> float:
        return statistics.median(one.seconds for one in self.floor)

    @property
    def ratio(self) -> float:
        """The median of the ratios of neighbours."""
        pairs = zip(self.samples, self.floor, strict=True)
        return statistics.median(one.seconds / floor.seconds for one, floor in pairs)

    @property
    def megabytes(self) -> float:
        return max(one.megabytes for one in self.samples)

    def document(self) -> dict[str, Any]:
        """For JSON, every sample included."""
        return {
            "case": self.case,
            "seconds": self.seconds,
            "spread": spread(self.samples),
            "floor": self.floor_seconds,
            "floor_spread": spread(self.floor),
            "ratio": self.ratio,
            "goal": self.goal,
            "megabytes": self.megabytes,
            "samples": [one.seconds for one in self.samples],
            "floor_samples": [one.seconds for one in self.floor],
        }

    def __str__(self) -> str:
        goal = (
            ""
            if self.goal is None
            else f"  goal {self.goal:.2f}  {'met' if self.ratio <= self.goal else 'MISSED'}"
        )
        return (
            f"{self.case:<52}{self.seconds:7.2f} s ±{spread(self.samples):3.0f} %"
            f"{self.floor_seconds:8.2f} s ±{spread(self.floor):3.0f} %  ×{self.ratio:5.2f}{goal}"
        )


def spread(samples: Sequence[Sample]) -> float:
    """Half the distance between the fastest and the slowest, in percent of the median: the machine's noise."""
    seconds = [one.seconds for one in samples]
    return 50 * (max(seconds) - min(seconds)) / statistics.median(seconds)


def in_turns(case: str, work: Work, floor: Work, *, runs: int, goal: float | None = None) -> Row:
    """Measure `work` and `floor` alternately, after one run of each that does not count."""
    work(), floor()
    pairs = [(work(), floor()) for _ in range(runs)]
    return Row(case, tuple(one for one, _ in pairs), tuple(one for _, one in pairs), goal)


def run(
    words: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Sample:
    """Run a program to its end. Raises CalledProcessError with what it printed when it fails."""
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
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(map(str, words)), said)
    return Sample(time.perf_counter() - begun, usage.ru_maxrss / 1024)


def at_once(all_words: Sequence[Sequence[str | Path]], *, parallel: int) -> Sample:
    """Run programs at once, at most `parallel` at a time."""
    from concurrent.futures import ThreadPoolExecutor

    begun = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        samples = list(pool.map(run, all_words))
    return Sample(time.perf_counter() - begun, max(one.megabytes for one in samples))
