"""How the cost of a deploy that changes nothing grows with files, submodules and hosts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import tree
from benchmarks.deploying import bench, several_hosts
from benchmarks.measuring import Row

FILES = (1_000, 10_000, 50_000)
SUBMODULES = (0, 12, 40)
HOSTS = (1, 8, 64)


@dataclass(frozen=True)
class Growth:
    """From one size to the next: seconds and memory grow with these powers of the size; 1 is linear."""

    what: str
    before: Row
    after: Row
    times: float
    """How much larger."""

    @property
    def power(self) -> float:
        return math.log(self.after.seconds / self.before.seconds, self.times)

    @property
    def missed(self) -> bool:
        return self.power > 1

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {"growth": self.what, "power": self.power, "missed": self.missed}

    def __str__(self) -> str:
        memory = self.after.megabytes - self.before.megabytes
        return f"  {self.what}: seconds grow with the power {self.power:.2f}, memory by {memory:.0f} MB"


def growth(directory: Path, runs: int) -> Iterator[Row | Growth]:
    """A table for each of files, submodules and hosts."""

    def files(number: int) -> Row:
        return alone(directory / f"files-{number}", runs, files=number)

    def submodules(number: int) -> Row:
        return alone(directory / f"submodules-{number}", runs, files=1_000, submodules=number)

    yield from table("files", FILES, files)
    yield from table("submodules", SUBMODULES, submodules)
    with bench(tree.small(directory / "hosts", files=300), directory / "hosts", max(HOSTS)) as on:
        yield from table("hosts", HOSTS, lambda number: several_hosts(on, number, runs))


def table(what: str, sizes: tuple[int, ...], measure: Callable[[int], Row]) -> Iterator[Row | Growth]:
    """A row for every size, and after each but the first how the cost grew."""
    before: tuple[int, Row] | None = None
    for size in sizes:
        row = measure(size)
        yield row
        if before is not None and before[0]:
            yield Growth(f"{what} {before[0]} → {size}", before[1], row, size / before[0])
        before = (size, row)


def alone(directory: Path, runs: int, *, files: int, submodules: int = 0) -> Row:
    """A made-up tree and one host."""
    with bench(tree.small(directory, files=files, submodules=submodules), directory, 1) as on:
        return several_hosts(on, 1, runs)
