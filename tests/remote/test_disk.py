"""What is served is on the disk; what lies on another disk goes all the same."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from deploytasks.remote import trash
from deploytasks.remote.agent import operations
from deploytasks.remote.agent.state import State
from deploytasks.remote.release import prune, release
from deploytasks.remote.release.disk import FEW
from tests.remote.conftest import NEW, OLD
from tests.rig import wait_until


class Written:
    """The files that were written out one by one, and how often the whole file system was."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[str] = []
        self.calls = directory / "calls"
        (directory / "bin").mkdir()
        (directory / "bin/sync").write_text(f'#!/bin/sh\necho "$*" >> {self.calls}\n')
        (directory / "bin/sync").chmod(0o755)
        monkeypatch.setenv("PATH", f"{directory / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setattr(os, "fsync", lambda descriptor: self.files.append(name_of(descriptor)))

    @property
    def whole(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


def name_of(descriptor: int) -> str:
    return os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))


@pytest.fixture
def written(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    return Written(tmp_path, monkeypatch)


def test_a_release_to_which_nothing_came_is_published_without_a_wait(state: State, written: Written) -> None:
    release.publish(state, NEW)
    assert (written.files, written.whole) == ([], [])


def test_the_few_files_that_came_are_written_out_and_no_old_one(state: State, written: Written) -> None:
    top = Path(state.root) / "releases" / NEW
    for name in ("new", "old"):
        (top / name).write_text("text")
    (top / "link").symlink_to("new")
    state.written = ["new", "link"]
    release.publish(state, NEW)
    assert (written.files, written.whole) == (["new"], [])
    release.publish(state, OLD)
    assert (written.files, written.whole) == (["new"], [])


def test_many_files_and_what_a_command_wrote_are_written_out_at_once(state: State, written: Written) -> None:
    state.written = [str(number) for number in range(FEW + 1)]
    release.publish(state, NEW)
    operations.execute(state, ["true"], cwd=f"releases/{OLD}")
    release.publish(state, OLD)
    tops = [f"-f {state.root}/releases/{name}" for name in (NEW, OLD)]
    assert (written.files, written.whole) == ([], tops)


@pytest.mark.parametrize("name", ["releases", "venvs"])
def test_what_lies_on_another_disk_than_the_tools_directory_goes_too(state: State, name: str) -> None:
    """/dev/shm is one of its own; where it is none, a rename within one disk is all there is."""
    place = Path(state.root) / name
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as disk:
        if place.exists():
            for one in place.iterdir():
                (Path(disk) / one.name).mkdir()
            place.rename(place.with_name("before"))
        place.symlink_to(disk)
        (Path(disk) / "0123").mkdir()
        trash.retire(state, str(place / "0123"))
        assert prune.prune(state, [OLD, NEW])["retired"] == [NEW]
        wait_until(lambda: not list((Path(disk) / ".trash").glob("*")), "it is deleted", 30)
        left = sorted(one.name for one in Path(disk).iterdir() if one.name != ".trash")
        assert left == ([OLD] if name == "releases" else [])
