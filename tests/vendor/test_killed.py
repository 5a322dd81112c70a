"""Updates that are killed in the middle of git's checkout, and those that find another git at work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.building import commit, git
from tests.release.project import BIN, Plain, Run
from tests.rig import wait_until

SUBMODULES = ("vendor/lib", "vendor/lib/vendor/deep")


@dataclass(frozen=True)
class Slow:
    """A project in whose submodules git stops, while there is a `gate`, at the file m.txt of every checkout."""

    project: Plain
    gate: Path

    def update(self, *words: str) -> Run:
        return self.project.run("inv", "vendor.update", *words)

    @contextmanager
    def stopped(self, path: str) -> Iterator[subprocess.Popen[bytes]]:
        """An update that is in the middle of the checkout at a path until the block ends."""
        os.mkfifo(self.gate)
        words = [BIN / "inv", "vendor.update"]
        process = subprocess.Popen(
            words, cwd=self.project.root, stdin=subprocess.DEVNULL, start_new_session=True
        )
        held: list[int] = []
        while not (held and self.lock(path).exists()):
            while held:  # another one, which goes on when nobody holds its gate
                os.close(held.pop())
            wait_until(
                lambda: process.poll() is not None or opened(self.gate, held), "a checkout is at m.txt", 20
            )
            assert process.poll() is None, "no checkout came there"
        self.gate.unlink()
        yield process
        os.close(held.pop())

    def kill(self, path: str) -> None:
        """An update that is killed there, with its git."""
        with self.stopped(path) as process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert self.lock(path).exists()

    def lock(self, path: str) -> Path:
        return (
            self.project.root
            / ".git/modules"
            / path.replace("lib/vendor", "lib/modules/vendor")
            / "index.lock"
        )

    def is_at_its_pins(self) -> bool:
        """Whether the work trees are what is pinned, and nothing of an update is left in git's directories."""
        said = git(self.project.root, "submodule", "status", "--recursive").splitlines()
        clean = all(not git(self.project.root / path, "status", "--porcelain") for path in SUBMODULES)
        places = (self.project.root / ".git").rglob("*")
        left = [place for place in places if place.suffix in (".lock", ".moving")]
        return not any(line.startswith(("-", "+", "U")) for line in said) and clean and not left


def opened(fifo: Path, descriptors: list[int]) -> bool:
    """Whether somebody reads from it, and we have opened it for writing."""
    with suppress(OSError):
        descriptors.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    return bool(descriptors)


def publish(package: Path, version: str) -> str:
    """Another version of a package on its server; the commit."""
    (package / ".gitattributes").write_text("m.txt filter=slow\n")
    shutil.rmtree(package / "only", ignore_errors=True)
    for name in ("a.txt", "m.txt", "z.txt", f"only/{version}.txt"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(f"{name} {version}\n")
    made = commit(package, version)
    git(package, "push", "--quiet", "origin", "HEAD:main")
    return made


@pytest.fixture
def slow(project: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """The second version of both packages is pinned, and the first one is checked out."""
    gate, root = tmp_path / "gate", project.root
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    smudge = f"cat; [ ! -p {gate} ] || cat {gate}"
    (tmp_path / "gitconfig").write_text(f'[filter "slow"]\nsmudge = "{smudge}"\n')
    for version in ("one", "two"):
        below = publish(tmp_path / "deep", version)
        git(project.lib / "vendor/deep", "fetch", "--quiet", "origin")
        git(project.lib / "vendor/deep", "checkout", "--quiet", below)
        pin = publish(project.lib, version)
        git(root / "vendor/lib", "fetch", "--quiet", "origin")
        git(root, "update-index", "--cacheinfo", f"160000,{pin},vendor/lib")
        git(root, "commit", "--quiet", "--message", version)
        if version == "one":
            assert project.run("inv", "vendor.update").code == 0
    return Slow(project, gate)


@pytest.mark.parametrize("path", SUBMODULES)
def test_the_next_update_ends_what_a_killed_one_began(slow: Slow, path: str) -> None:
    slow.kill(path)
    slow.kill(path)
    done = slow.update()
    assert done.code == 0, done.err
    assert slow.is_at_its_pins()


@pytest.mark.parametrize("path", SUBMODULES)
def test_the_next_update_ends_what_a_killed_first_one_began(slow: Slow, path: str) -> None:
    shutil.rmtree(slow.project.root / ".git/modules")
    shutil.rmtree(slow.project.root / "vendor/lib")
    slow.kill(path)
    slow.kill(path)
    done = slow.update()
    assert done.code == 0, done.err
    assert slow.is_at_its_pins()


def test_edits_that_came_after_the_kill_are_kept(slow: Slow) -> None:
    slow.kill("vendor/lib")
    tree = slow.project.root / "vendor/lib"
    (tree / "z.txt").write_text("mine\n")
    (tree / "new.txt").write_text("mine too\n")
    done = slow.update()
    assert done.code == 1 and "vendor/lib: has 2 local edit(s), first new.txt" in done.out + done.err
    assert (tree / "z.txt").read_text() == "mine\n" and (tree / "new.txt").exists()
    done = slow.update("--discard=vendor/lib")
    assert done.code == 0, done.err
    assert slow.is_at_its_pins()


@pytest.mark.parametrize("words", [(), ("--discard=vendor/lib",)])
def test_a_lock_of_another_git_is_named_and_left_alone(slow: Slow, words: tuple[str, ...]) -> None:
    lock = slow.lock("vendor/lib")
    for _ in range(2):
        lock.touch()
        done = slow.update(*words)
        assert done.code == 1 and lock.exists()
        assert f"{lock} exists" in done.out + done.err
    lock.unlink()
    assert slow.update().code == 0 and slow.is_at_its_pins()


def test_an_update_that_another_one_is_at_is_said_so(slow: Slow) -> None:
    with slow.stopped("vendor/lib") as process:
        done = slow.update()
        assert done.code == 1 and "another run is at work there" in done.out + done.err
    assert process.wait(20) == 0
    assert slow.is_at_its_pins()
