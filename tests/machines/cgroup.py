"""Control groups: what finds and ends every process of a machine, whoever started it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path


def hierarchy() -> Path | None:
    """Where cgroup2 is mounted, if it is."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, source = line.partition(" - ")
        if source.split()[0] == "cgroup2":
            return Path(mount.split()[4])
    return None


@dataclass(frozen=True)
class Cgroup:
    """A group and all below it."""

    path: Path

    @classmethod
    def of(cls, *names: str) -> Cgroup:
        """The group of that name among those of the tests; it need not exist."""
        root = hierarchy()
        assert root is not None, "cgroup2 is mounted nowhere"
        return cls(root.joinpath("deploytasks-tests", *names))

    def create(self) -> None:
        while not self.path.exists():
            try:
                self.path.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError:
                pass  # another process removed the group above, which was empty

    def groups(self) -> list[Path]:
        """This and those below it, the deepest first; none when it is gone."""
        if not self.path.exists():
            return []
        return [*sorted((path for path in self.path.rglob("*") if path.is_dir()), reverse=True), self.path]

    def processes(self) -> list[int]:
        """The pids of everything that runs in it."""
        return [pid for path in self.groups() for pid in members(path)]

    def remove(self) -> None:
        """End its processes and remove it; also the groups above that are empty now."""
        deadline = time.monotonic() + 20
        if self.path.exists():
            (self.path / "cgroup.kill").write_text("1")
        while self.processes():
            assert time.monotonic() < deadline, f"{self.path}: does not end"
            time.sleep(0.01)
        for path in self.groups():
            path.rmdir()
        for path in self.path.parents:
            if path == hierarchy():
                return
            try:
                path.rmdir()
            except OSError:
                return  # other machines have theirs in it, or another process was faster


def members(group: Path) -> list[int]:
    """The pids of the group alone; none when it is gone meanwhile."""
    try:
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def remove_group(place: Path) -> None:
    """End what runs for a directory of a run, and remove its groups."""
    Cgroup.of(place.name).remove()
