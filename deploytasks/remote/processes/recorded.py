"""What a release runs, recorded in it, so that it runs the same when it is gone back to."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys

from deploytasks.remote.files import read_json, write, write_json
from deploytasks.remote.names import VARIABLES, plain
from deploytasks.remote.processes import procfile
from deploytasks.remote.processes.units import PREFIX, prefix
from deploytasks.remote.release.release import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

PROCESS = re.compile(r"[A-Za-z0-9_-]+")
RECORD = ".deploytasks/processes.json"
PROCESSES = {PROCESS: int}
SHAPE = {"prefix": PREFIX, "processes": PROCESSES, "lines": {PROCESS: str}, "variables": VARIABLES}
RUN = """
import json, os, sys
top, name = os.path.dirname(os.path.dirname(os.path.realpath(sys.argv[1]))), sys.argv[2]
def read(path):
    with open(os.path.join(top, path), encoding="utf-8") as stream:
        return json.load(stream)
said = read(".deploytasks/processes.json")
if name not in said["lines"]:
    sys.exit("%s: is no process of this release; it has %s" % (name, ", ".join(said["lines"])))
known = {**os.environ, **read("environment.json"), **said["variables"]}
known["PATH"] = os.path.join(top, ".venv", "bin") + os.pathsep + known.get("PATH", os.defpath)
known["SOCKET"] = ".run/%s.sock" % name
os.chdir(top)
os.execve("/bin/sh", ["sh", "-c", said["lines"][name]], known)
"""
"""A process of the release, in the place of this program."""


class Recorded:
    """The processes of one release: their commands, how many of each, and the units that they are."""

    def __init__(self, release: str, said: dict[str, Any]) -> None:
        self.release = release
        self.prefix: str = said["prefix"]
        self.processes: dict[str, int] = said["processes"]
        self.lines: dict[str, str] = said["lines"]

    @property
    def listening(self) -> list[str]:
        return procfile.listening(self.lines)

    def units_of(self, process: str) -> list[str]:
        count = self.processes[process]
        numbers = [""] if count == 1 else [".%d" % number for number in range(1, count + 1)]
        return ["%s-%s@%s%s.service" % (self.prefix, process, self.release, number) for number in numbers]

    @property
    def units(self) -> list[str]:
        return [unit for process in self.processes for unit in self.units_of(process)]

    def process_of(self, unit: str) -> str:
        return unit[len(self.prefix) + 1 : unit.index("@")]


def recorded(root: str, release: str | None) -> Recorded | None:
    """What a release runs; None for one that was never started so."""
    said = read_json(os.path.join(root, "releases", plain(release), RECORD), SHAPE) if release else None
    return Recorded(release or "", said) if said else None


def record(
    state: State, release: str, unit: str, processes: dict[str, int], variables: dict[str, str]
) -> Recorded:
    """What a release runs; one that does not say is told `processes`, by its own Procfile."""
    known = recorded(state.root, release)
    if known:
        return known
    top = path_of(state, release)
    lines = procfile.chosen(procfile.read(top), processes)
    said = {
        "prefix": prefix(state.root, unit),
        "processes": processes,
        "lines": {name: procfile.executed(line) for name, line in lines.items()},
        "variables": variables,
    }
    found = Recorded(release, json.loads(json.dumps(said)))
    os.makedirs(os.path.join(top, ".run"), exist_ok=True)
    program = '#!/bin/sh\nexec %s -ISBX utf8 -c %s "$0" "$@"\n'
    words = (shlex.quote(sys.executable), shlex.quote(RUN))
    write(os.path.join(top, ".deploytasks", "run"), program % words, 0o755)
    write(os.path.join(top, ".deploytasks", "units"), "\n".join(found.units) + "\n")
    write_json(os.path.join(top, RECORD), said)
    return found
