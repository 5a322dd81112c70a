"""Whatever is recycled to be fast: releases share nothing, older ones never change, a new one holds what is shipped."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import stat
import subprocess
import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploytasks.remote.tree.manifest import TICK, lasting_marks
from deploytasks.remote.tree.scan import full_mark
from examples.building import git
from tests.release.project import BIN, Plain
from tests.rig import program, wait_until

OWN = (".deploytasks", ".venv", ".env", "environment.json", "REVISION")
Change = Callable[[Path, random.Random], None]


def picture(release: Path) -> dict[str, tuple[Any, ...]]:
    """{path: kind, mode, time, inode and content} of everything in a release."""
    found = {}
    for path in release.rglob("*"):
        name, status = path.relative_to(release).as_posix(), path.lstat()
        if name.startswith(".venv/"):
            continue
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[name] = (status.st_mode, status.st_mtime_ns, status.st_ino, content)
    return found


def shipped(release: Path) -> dict[str, tuple[str, str]]:
    """{path: git's mode and blob id} of the files of a release."""
    found = {}
    for path, (mode, _, _, content) in picture(release).items():
        if path.split("/")[0] in OWN or stat.S_ISDIR(mode):
            continue
        data = content.encode() if isinstance(content, str) else content
        kind = "120000" if stat.S_ISLNK(mode) else "100755" if mode & 0o100 else "100644"
        found[path] = kind, hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return found


def committed(project: Plain) -> dict[str, tuple[str, str]]:
    """The same of the revision, submodules at their pins included."""
    found = {}
    for prefix in ("", "vendor/lib/", "vendor/lib/vendor/deep/"):
        for line in git(project.root / prefix, "ls-tree", "-r", "HEAD").splitlines():
            mode, kind, blob, path = line.split(maxsplit=3)
            if kind == "blob":
                found[prefix + path] = mode, blob
    return found


def content(tree: Path, chance: random.Random) -> None:
    (tree / f"files/{chance.randrange(20)}.txt").write_text(f"{chance.random():.12f}")


def mode(tree: Path, chance: random.Random) -> None:
    path = tree / f"files/{chance.randrange(20)}.txt"
    path.chmod(path.stat().st_mode ^ 0o111)


def time(tree: Path, chance: random.Random) -> None:
    os.utime(tree / f"files/{chance.randrange(20)}.txt", (1, chance.randrange(1_000_000)))


def kind(tree: Path, chance: random.Random) -> None:
    path = tree / "changeling"
    if path.is_symlink():
        path.unlink()
        path.mkdir()
        (path / "inside").write_text("a directory now")
    elif path.is_dir():
        (path / "inside").unlink()
        path.rmdir()
        path.write_text("a file now")
    else:
        path.unlink(missing_ok=True)
        path.symlink_to("files")


def name(tree: Path, chance: random.Random) -> None:
    moved = sorted((tree / "moved").iterdir())[0]
    moved.rename(moved.with_name(f"{chance.randrange(10**6)} renamed"))


def appends(tree: Path, chance: random.Random) -> None:
    with (tree / f"files/{chance.randrange(20)}.txt").open("a") as stream:
        stream.write("the application was here")


def truncates(tree: Path, chance: random.Random) -> None:
    os.truncate(tree / f"files/{chance.randrange(20)}.txt", 0)


def chmods(tree: Path, chance: random.Random) -> None:
    (tree / f"files/{chance.randrange(20)}.txt").chmod(0o600)


def replaces_behind_the_same_size_and_time(tree: Path, chance: random.Random) -> None:
    path = tree / "page.txt"
    status = path.stat()
    path.write_text("".join(reversed(path.read_text())))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def litters(tree: Path, chance: random.Random) -> None:
    (tree / "files/cache").mkdir(exist_ok=True)
    (tree / f"files/cache/{chance.randrange(10**6)}").write_text("left by the application")


def hides(tree: Path, chance: random.Random) -> None:
    status = (tree / "files").stat()
    (tree / f"files/{chance.randrange(10**6)}").write_text("left by the application")
    os.utime(tree / "files", ns=(status.st_atime_ns, status.st_mtime_ns))


def opens(tree: Path, chance: random.Random) -> None:
    (tree / "files").chmod(0o777)


CHANGES: tuple[Change, ...] = (content, mode, time, kind, name)
DEEDS: tuple[Change, ...] = (
    appends,
    truncates,
    chmods,
    replaces_behind_the_same_size_and_time,
    litters,
    hides,
)


def test_releases_stay_as_they_are_and_new_ones_are_what_is_shipped(local: Plain, repeat: int) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=3)
    chance, releases = random.Random(8), local.root / ".deploy/dev/releases"
    for number in range(20):
        local.write(f"files/{number}.txt", f"{number:014d}")
    local.write("moved/first name", "moves\n")
    local.commit()
    for turn in range(9 + repeat):
        before = {path.name: picture(path) for path in releases.glob("*")}
        latest = local.deploy("dev")
        assert shipped(releases / latest) == committed(local)
        kept = {path.name: picture(path) for path in releases.iterdir()}
        assert all(kept[release] == seen for release, seen in before.items() if release in kept)
        inodes = [entry[2] for seen in kept.values() for entry in seen.values()]
        assert len(inodes) == len(set(inodes))
        DEEDS[turn % len(DEEDS)](releases / latest, chance)
        CHANGES[turn % len(CHANGES)](local.root, chance)
        local.commit()


@pytest.mark.parametrize("seeded", [False, True], ids=["an empty target", "a target that a step has filled"])
def test_a_first_deploy_of_a_large_tree_is_what_is_shipped(local: Plain, seeded: bool) -> None:
    """What a step of the project's has left at its place is removed."""
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_EXCLUDE="*.log")
    for place in ("app/one", "app/two", "other [1]/three"):
        local.write(f"{place}/data", b"\0" * 30_000_000)
        local.write(f"{place}/deep/er/code.py", place)
        local.write(f"{place}/run.sh", "#!/bin/sh\n", 0o755)
    local.commit()
    if seeded:
        line = (
            "mkdir -p app/one/old && echo old > app/one/old/x && echo old > app/two && ln -s app/one linked"
        )
        local.write(
            "fabfile.py",
            "from deploytasks import DEFAULT, namespace, step\n"
            f"ns = namespace(DEFAULT.before('upload', step('seed', {line!r})))\n",
        )
        local.commit()
    local.deploy("dev")
    assert shipped((local.root / ".deploy/dev/current").resolve()) == committed(local)


def test_a_first_upload_that_was_killed_is_no_obstacle_even_while_its_rsync_lives_on(
    local: Plain, tmp_path: Path
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev")
    for place in ("app/one", "app/two", "other/three"):
        local.write(f"{place}/data", b"\0" * 30_000_000)
    local.commit()
    top = local.root / ".deploy/dev"
    program(tmp_path / "rsync", 'exec /usr/bin/rsync --bwlimit=3000 "$@"')
    slow = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.Popen([BIN / "fab", "deploy", "--env=dev"], cwd=local.root, env=slow)
    try:
        wait_until(lambda: list(top.glob("releases/*/*/*/.data.*")), "a file is on its way")
        process.kill()
        process.wait()
        local.deploy("dev")
        assert shipped((top / "current").resolve()) == committed(local)
    finally:
        process.kill()
        process.wait()
        for pid in subprocess.run(["pgrep", "-f", f"{top}/releases/"], capture_output=True).stdout.split():
            os.kill(int(pid), signal.SIGKILL)


def test_a_host_whose_only_release_has_a_damaged_manifest_begins_empty(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    for turn in range(3):
        local.write("files/one.txt", str(turn))
        local.commit()
        latest = local.deploy("dev")
        assert shipped(local.root / ".deploy/dev/releases" / latest) == committed(local)
        for path in (local.root / ".deploy/dev").rglob("manifest"):
            path.write_text("rubbish")
    spare = local.root / ".deploy/dev/.deploytasks/spare"
    assert len(list(spare.iterdir())) == 1


def test_a_host_is_told_a_tree_by_its_changes_where_its_last_one_is_known_here(
    local: Plain, tmp_path: Path
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    chance = random.Random(8)
    for number in range(20):
        local.write(f"files/{number}.txt", f"{number:014d}")
    local.write("moved/first name", "moves\n")
    for turn, change in enumerate((content, *CHANGES, content, name)):
        change(local.root, chance) if turn else None
        local.commit()
        for path in (tmp_path / "here").rglob("manifests/*") if turn == 3 else ():
            path.write_text("rubbish")
        done = local.fab(
            "deploy", "--env=dev", XDG_CACHE_HOME=str(tmp_path / ("here", "elsewhere")[turn // 4])
        )
        assert done.code == 0, done.err
        assert shipped((local.root / ".deploy/dev/current").resolve()) == committed(local)


@pytest.mark.parametrize("missing", [(), ("find",), ("stat",), ("find", "stat")])
def test_the_same_tree_again_is_what_is_shipped_whatever_became_of_the_recycled_one(
    local: Plain, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    """Also where those that print marks are missing."""
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    for number in range(20):
        local.write(f"files/{number}.txt", f"{number:014d}")
    local.commit()
    for name in missing:
        program(tmp_path / name, "echo unknown option >&2\nexit 1")
    chance = random.Random(8)
    for deed in (*DEEDS, opens, *DEEDS):
        done = local.fab("deploy", "--env=dev", PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert done.code == 0, done.err
        latest = (local.root / ".deploy/dev/current").resolve()
        assert shipped(latest) == committed(local)
        assert latest.joinpath("files").stat().st_mode & 0o777 == 0o755
        deed(latest, chance)


def test_a_directory_has_a_lasting_mark_only_after_the_tick_of_its_last_change(tmp_path: Path) -> None:
    """Else something that comes within that tick could leave the mark as it is."""
    place = tmp_path / "place"
    place.mkdir()
    marks, now = lasting_marks(tmp_path, ["place"]), clock.time_ns()
    assert marks == {"place": full_mark(place.lstat())}
    assert now - place.lstat().st_ctime_ns > TICK


def test_no_directory_of_trees_that_nobody_touched_is_read(local: Plain, tmp_path: Path) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    local.write("files/one.txt", "one")
    local.commit()
    log = tmp_path / "log"
    program(tmp_path / "find", f'echo $PWD >> {log}\nexec /usr/bin/find "$@"')
    for turn in range(6):
        if turn == 4:
            assert log.exists()  # of trees that were new
            log.unlink()
        done = local.fab("deploy", "--env=dev", PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert done.code == 0, done.err
    assert not log.exists()


def test_names_like_comments_modes_of_the_application_and_a_strict_umask_stop_no_deploy(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    before = os.umask(0o077)
    try:
        for turn in range(4):
            for name in ("#notes", ";list", "#deep/er/page", "plain/page"):
                local.write(name, f"{turn}")
            local.commit()
            latest = local.root / ".deploy/dev/releases" / local.deploy("dev")
            assert shipped(latest) == committed(local)
            directories = (latest, *(latest / path for path in ("#deep", "#deep/er", "plain", "vendor/lib")))
            assert {path.stat().st_mode & 0o777 for path in directories} == {0o755}
            latest.chmod(0o700)
    finally:
        os.umask(before)


def test_a_path_may_turn_into_anything(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    local.write("real/page", "not written through a link")
    place = local.root / "thing"
    shapes: tuple[Callable[[], None], ...] = (
        lambda: place.write_text("a file"),
        lambda: place.symlink_to("real"),
        lambda: place.symlink_to("nowhere"),
        lambda: local.write("thing/page", "in a directory"),
        lambda: local.write("thing/page/deeper", "in a deeper one"),
    )
    at = 0
    for step in range(
        len(shapes) * (len(shapes) - 1)
    ):  # every one after every other one: their number is a prime
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)
        shapes[at]()
        local.commit()
        assert shipped(local.root / ".deploy/dev/releases" / local.deploy("dev")) == committed(local)
        at = (at + 1 + step // len(shapes)) % len(shapes)


def test_nothing_may_ship_for_a_while(local: Plain) -> None:
    for exclude in ("*", "*", "", "*", ""):
        keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev", "DEPLOY_KEEP_RELEASES": 1}
        local.environment("dev", **keys, DEPLOY_EXCLUDE=exclude)
        latest = local.root / ".deploy/dev/releases" / local.deploy("dev")
        assert shipped(latest) == ({} if exclude else committed(local))


def test_an_old_tree_that_cannot_be_used_again_is_put_aside(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    for turn in range(3):
        local.write("page.txt", f"{turn}")
        local.commit()
        latest = local.root / ".deploy/dev/releases" / local.deploy("dev")
        assert shipped(latest) == committed(local)
        here = os.open(latest / "vendor", os.O_RDONLY)
        for _ in range(20):  # deeper than a path can tell
            os.mkdir("d" * 250, dir_fd=here)
            here, above = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
            os.close(above)
        os.close(os.open("page", os.O_CREAT, dir_fd=here))
        os.close(here)


def test_what_an_old_tree_gets_until_it_is_a_release_again_does_not_ship(
    local: Plain, tmp_path: Path
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    local.write("files/one.txt", "one")
    local.commit()
    once = tmp_path / "once"
    second = f"if rm {once}; then echo late > files/late; else touch {once}; fi 2>/dev/null"
    program(
        tmp_path / "xargs",
        f'/usr/bin/xargs "$@"\nended=$?\ncase $PWD in */spare/*) {second} ;; esac\nexit $ended',
    )
    for _ in range(4):
        done = local.fab("deploy", "--env=dev", PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert done.code == 0, done.err
        assert shipped((local.root / ".deploy/dev/current").resolve()) == committed(local)


def test_a_release_that_was_killed_while_it_was_made_is_not_taken_for_the_one_it_was_made_of(
    local: Plain, tmp_path: Path
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=2)
    good = [local.deploy("dev") for _ in range(4)]
    kills = "case $PWD in */releases/*) kill -9 $PPID ;; esac\n"
    program(tmp_path / "xargs", f'{kills}exec /usr/bin/xargs "$@"')
    done = local.fab("deploy", "--env=dev", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.code == 4, done.err
    releases = local.root / ".deploy/dev/releases"
    assert len(list(releases.iterdir())) == 3
    assert {path.parts[-3] for path in releases.glob("*/.deploytasks/state.json")} == set(good[-2:])
    assert {path.parent.name for path in releases.glob("*/REVISION")} == set(good[-2:])
    assert local.fab("rollback", "--env=dev").code == 0
    assert (local.root / ".deploy/dev/current").resolve().name == good[-2]


def test_a_damaged_memory_is_begun_afresh(local: Plain, tmp_path: Path) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_KEEP_RELEASES=1)
    heads = (
        "",
        "null",
        "5",
        '["n", 5]',
        '{"name": 1}',
        '{"name": "", "digest": "", "roots": [], "parts": 0}',
        "{",
    )
    damaged = [("left.json", rubbish) for rubbish in heads]
    damaged += [
        ("manifest", ""),
        ("manifest", "100644 5 " + "0" * 40 + " page.txt"),
        ("names.0", ""),
        ("told.0", "x"),
    ]
    damaged += [("told.0", ""), ("names.*", ""), ("*.0", "")]
    damaged += [("marks.json", rubbish) for rubbish in ("", "[{}, {}]", "[1, {}, {}]", "{")]
    for number, (name, rubbish) in enumerate((*damaged, *damaged)):
        if number >= len(damaged) or number % 2:
            local.write("page.txt", f"with {number}")
            local.commit()
        for path in tmp_path.rglob(f"left/{name}"):
            path.write_text(rubbish)
        done = local.fab("deploy", "--env=dev", XDG_CACHE_HOME=str(tmp_path / "cache"))
        assert done.code == 0, done.err
        assert shipped((local.root / ".deploy/dev/current").resolve()) == committed(local)
