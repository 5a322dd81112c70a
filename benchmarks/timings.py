"""Where the time of a deploy that changes nothing goes: importing, each step, waiting or working."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.deploying import BIN, Bench
from benchmarks.measuring import run

IMPORTS = "import deploytasks, fabric, deploytasks.api, deploytasks.deployment, deploytasks.ssh"


@dataclass(frozen=True)
class Part:
    """Medians of one part."""

    name: str
    seconds: float
    waited: float

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {"part": self.name, "seconds": self.seconds, "waited": self.waited}

    def __str__(self) -> str:
        return f"  {self.name:<46}{self.seconds:7.3f} s, of which on the wire {self.waited:6.3f} s"


def timings(on: Bench, runs: int) -> Iterator[Part]:
    """The parts of deploys to an environment that is settled. Steps overlap where hosts are read meanwhile."""
    taken: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        taken.setdefault("python -c pass", []).append((run([sys.executable, "-c", "pass"]).seconds, 0.0))
        imported = run([sys.executable, "-c", IMPORTS]).seconds
        taken.setdefault("python, and what a deploy imports", []).append((imported, 0.0))
        for step in steps(on):
            name = f"{step['step']} ({'on the host' if step['host'] else 'here'})"
            taken.setdefault(name, []).append((step["seconds"], step["waited"]))
    for name, found in taken.items():
        yield Part(name, *(statistics.median(column) for column in zip(*found, strict=True)))


def steps(on: Bench) -> list[dict[str, float]]:
    """Of one deploy, from its report."""
    words = [str(BIN / "fab"), "deploy", "--env=one", "--json"]
    done = subprocess.run(words, cwd=on.project.root, check=True, capture_output=True, text=True)
    found: list[dict[str, float]] = json.loads(done.stdout)["steps"]
    return found
