"""Every measurement of deploys: `python -m benchmarks` at the root of the project; see --help."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import deploying, tree
from benchmarks.waits import waits
from deploytasks.source.stage import cache_root

CASES = ("one", "eight", "sixty-four", "waits", "list", "growth")


def main() -> None:
    options = arguments()
    cache = cache_root(os.environ) / "benchmarks"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deploytasks-benchmark-") as directory:
        os.environ["XDG_CACHE_HOME"] = f"{directory}/cache"
        found = []
        print(f"{'case':<52}{'median':>9}{'':8}{'floor':>8}{'':9}ratio", flush=True)
        for row in measured(options, cache / "packages", Path(directory)):
            found.append(row)
            print(row, flush=True)
    document = {"machine": machine(), "rows": [row.document() for row in found]}
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    if options.plot:
        from benchmarks.plot import draw

        draw(document, Path(options.plot))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", choices=(*CASES, []), help="default: all of them")
    parser.add_argument(
        "--runs", type=int, default=5, help="of every case and its floor, in turns (default 5)"
    )
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    parser.add_argument("--plot", metavar="FILE", help="draw the ratios there, as SVG; needs matplotlib")
    return parser.parse_args()


def measured(options: argparse.Namespace, cache: Path, directory: Path) -> Iterator[Any]:
    """The rows of the cases asked for."""
    cases, runs = options.cases or CASES, options.runs
    if {"one", "eight", "waits"} & set(cases):
        project = tree.build(cache, directory)
        print(f"the tree: {project.files} files, {project.bytes / 1e6:.0f} MB, 12 submodules", flush=True)
        with deploying.bench(project, directory, 8) as on:
            if "one" in cases:
                yield from deploying.one_host(on, runs)
            if "eight" in cases:
                yield deploying.several_hosts(on, 8, runs, parallel=16, goal=1.5)
            if "waits" in cases:
                yield from waits(on)
    if "sixty-four" in cases:
        with deploying.bench(tree.small(directory / "64", files=300), directory / "64", 64) as on:
            yield deploying.several_hosts(on, 64, max(2, runs // 2), parallel=16, goal=1.5)
    if "list" in cases:
        yield from deploying.listings(directory, tree.small(directory / "list", files=1), runs)
    if "growth" in cases:
        yield from growth(directory, runs)


def growth(directory: Path, runs: int) -> Iterator[Any]:
    """How the cost grows with files, and with submodules."""
    for files, submodules in ((1_000, 0), (10_000, 0), (50_000, 0), (1_000, 12), (1_000, 40)):
        place = directory / f"growth-{files}-{submodules}"
        with deploying.bench(tree.small(place, files=files, submodules=submodules), place, 1) as on:
            on.settled("grown", 1)
            yield deploying.in_turns(
                f"nothing changed, {files} files, {submodules} submodules",
                lambda on=on: on.deploy("grown"),  # type: ignore[misc]
                lambda on=on: on.bare(1),  # type: ignore[misc]
                runs=max(2, runs // 2),
            )


def machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


if __name__ == "__main__":
    main()
