"""What deploytasks costs, against the least that the same work can cost.

Run at the root of the project as `python -m benchmarks [CASE …]`; see --list.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import deploying, peers, tree
from benchmarks.distance import far_host
from benchmarks.growth import growth
from benchmarks.many import many
from benchmarks.measuring import HEADING
from benchmarks.site import site
from benchmarks.timings import timings
from benchmarks.waits import waits
from deploytasks.cache import cache_root

CASES = {
    "one": "one host: nothing changed, one file changed, first deploy",
    "eight": "eight hosts at once",
    "sixty-four": "64 hosts, a tree of 300 files",
    "waits": "request-reply waits on a host 50 ms away: deploy, rollback",
    "list": "fab --list and inv --list",
    "timings": "where the time goes when nothing changed",
    "peers": "a script by hand, and pyinfra, Ansible and Capistrano where they are installed",
}
AT_LENGTH = {
    "growth": "files 1k/10k/50k, submodules 0/12/40, hosts 1/8/64; takes long, only when asked for",
    "far": "one host far away, on two narrow links, against rsync that compresses; the same",
    "site": "1, 8 and 32 hosts behind one jump host over such a link; the same",
    "many": "processor per further host, and 200 hosts with 1024 open files; the same",
}
PROGRAMS = {
    "install": "the install step against venv and pip",
    "vendor": "vendor.status and vendor.check against git submodule status",
    "readiness": "the readiness wait against a bare login",
    "env_show": "env.show against Python's start",
}
"""Programs of their own, `python -m benchmarks.<name>`; they print what they measure."""


def main() -> None:
    """Measure, print, and write what was asked for."""
    options = arguments()
    if options.list:
        for name, what in {**CASES, **AT_LENGTH, **PROGRAMS}.items():
            print(f"{name:<12}{what}")
        return
    cache = cache_root(os.environ) / "benchmarks"
    cache.mkdir(parents=True, exist_ok=True)
    if options.install_peers:
        peers.install(cache)
    found = []
    with tempfile.TemporaryDirectory(prefix="deploytasks-benchmark-") as directory:
        os.environ["XDG_CACHE_HOME"] = f"{directory}/cache"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # people's Python compiles a module once
        print(HEADING, flush=True)
        for row in measured(options, cache, Path(directory)):
            found.append(row.document())
            print(row, flush=True)
            if options.json:
                write(options, {"machine": machine(), "rows": found})
    for name in PROGRAMS:
        if name in options.cases:
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = (*CASES, *AT_LENGTH, *PROGRAMS)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: one … peers of --list")
    parser.add_argument("--list", action="store_true", help="say what can be measured")
    parser.add_argument(
        "--runs", type=int, default=7, help="of every case and its floor, in turns (default 7)"
    )
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw the ratios there, as SVG (with --json; needs matplotlib)"
    )
    parser.add_argument("--install-peers", action="store_true", help="install what can be compared, first")
    options = parser.parse_args()
    wrong = [name for name in options.cases if name not in known]
    if wrong:
        parser.error(f"{wrong[0]}: no such case; see --list")
    options.cases = options.cases or list(CASES)
    return options


def measured(options: argparse.Namespace, cache: Path, directory: Path) -> Iterator[Any]:
    """The rows of the cases asked for."""
    cases, runs = options.cases, options.runs
    if {"one", "eight", "waits", "timings", "peers"} & set(cases):
        yield from of_the_tree(cases, runs, cache, directory)
    few = max(2, runs // 2)
    if "sixty-four" in cases:
        with deploying.bench(tree.small(directory / "64", files=300), directory / "64", 64) as on:
            yield deploying.several_hosts(on, 64, few, goal=1.5, memory_goal=150.0)
    if "list" in cases:
        (directory / "list").mkdir()
        yield from deploying.listings(directory / "list", runs * 2)
    if "growth" in cases:
        yield from growth(directory, few)
    if "far" in cases:
        with deploying.bench(tree.middle(cache, directory / "far"), directory / "far", 1) as on:
            yield from far_host(on, few)
    if "site" in cases:
        yield from site(cache, directory / "site")
    if "many" in cases:
        yield from many(directory / "many", few)


def of_the_tree(cases: list[str], runs: int, cache: Path, directory: Path) -> Iterator[Any]:
    """The rows of the cases that deploy the large tree."""
    project = tree.build(cache, directory)
    print(f"the tree: {project.files} files, {project.bytes / 1e6:.0f} MB, 12 submodules", flush=True)
    with deploying.bench(project, directory, 8 if "eight" in cases else 1) as on:
        if {"one", "timings"} & set(cases):
            on.settled("one", 1)
        if "one" in cases:
            yield from deploying.one_host(on, runs)
        if "timings" in cases:
            yield from timings(on, runs)
        if "eight" in cases:
            yield deploying.several_hosts(on, 8, runs, goal=1.5)
        if "waits" in cases:
            yield from waits(on, runs)
        if "peers" in cases:
            yield from peers.peers(on, cache, runs)


def write(options: argparse.Namespace, document: dict[str, Any]) -> None:
    """Keep what was measured so far."""
    Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    if options.plot:
        from benchmarks.plot import draw

        draw(document, Path(options.plot))


def machine() -> dict[str, Any]:
    """What it was measured on."""
    load = round(os.getloadavg()[1], 1)
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "load": load}


if __name__ == "__main__":
    main()
