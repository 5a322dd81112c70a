"""Vendored dependencies in real deploys: what is shipped, what is said of it, and what stops before any contact."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.building import WHO, git
from tests.release.project import Plain, write
from tests.rig import ROOT, own_mounts


def pin(project: Plain) -> str:
    return git(project.root, "rev-parse", "HEAD:vendor/lib")


def history(project: Plain) -> list[dict[str, Any]]:
    lines = (project.root / ".deploy/dev/.deploytasks/history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def commit(tree: Path, *words: str) -> None:
    who = [word for key, value in WHO.items() for word in ("-c", f"{key}={value}")]
    git(tree, *who, "commit", "--quiet", *words)


def test_a_deploy_says_what_it_brings_inside_a_dependency_and_a_rewind_in_words_first(project: Plain) -> None:
    """Compared with what runs on the host; the same in its plan, release.json and the history."""
    first = project.fab("deploy", "--env=dev")
    assert first.code == 0 and "commit(s)" not in first.err
    old = pin(project)
    project.lib_says("two")
    new = pin(project)
    brings = f"vendor/lib: {old[:7]} → {new[:7]} brings 1 commit(s):"
    assert brings in project.fab("plan", "--env=dev").out
    done = project.fab("deploy", "--env=dev")
    assert done.code == 0
    said = [line.removeprefix("note").strip() for line in done.err.splitlines() if line.startswith("note")]
    assert said[said.index(brings) + 1] == f"+ {new[:7]} Say two"
    assert done.err.index(brings) < done.err.index("ok      upload")
    known = json.loads((project.root / ".deploy/dev/current/.deploytasks/release.json").read_text())
    assert {one["path"]: one["commit"] for one in known["vendored"]}["vendor/lib"] == new
    assert known["vendored"][0].keys() == {"path", "url", "commit", "describe"}
    assert history(project)[-1]["vendored"]["vendor/lib"] == new
    git(project.root, "revert", "--no-edit", "HEAD")
    git(project.root, "submodule", "--quiet", "update")
    done = project.fab("deploy", "--env=dev", "--json")
    rewind = [note for note in done.document["notes"] if "vendor/lib" in note]
    assert rewind == [f"vendor/lib: {new[:7]} → {old[:7]} REWINDS 1 commit(s):\n  - {new[:7]} Say two"]


def test_what_is_not_committed_is_said_and_not_shipped(project: Plain) -> None:
    (project.root / "vendor/lib/lib/__init__.py").write_text("TEXT = 'mine'\n")
    (project.root / "vendor/lib/vendor/deep/more.txt").write_text("mine\n")
    project.write("page.txt", "mine\n")
    done = project.fab("deploy", "--env=dev")
    assert done.code == 0
    for what in (
        "not shipped: vendor/lib: has 1 local edit(s), first lib/__init__.py",
        "not shipped: vendor/lib/vendor/deep: has 1 local edit(s), first more.txt",
        "not shipped: 1 uncommitted change(s), first page.txt",
    ):
        assert what in done.err
    served = project.root / ".deploy/dev/current"
    assert (served / "vendor/lib/lib/__init__.py").read_text() == "TEXT = 'one'\n"
    assert not (served / "vendor/lib/vendor/deep/more.txt").exists()
    assert (project.root / "vendor/lib/lib/__init__.py").read_text() == "TEXT = 'mine'\n"


def unpushed(project: Plain) -> None:
    commit(project.root / "vendor/lib", "--allow-empty", "--message", "Nowhere else")
    project.commit("Pin it")


def edited(project: Plain) -> None:
    (project.root / "vendor/lib/lib/__init__.py").write_text("TEXT = 'mine'\n")


def other_url(project: Plain) -> None:
    git(project.root, "config", "submodule.vendor/lib.url", "/elsewhere.git")


def unsafe(project: Plain) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", "-x")
    project.commit("Unsafe")


def nested_missing(project: Plain) -> None:
    git(project.root / "vendor/lib", "submodule", "--quiet", "deinit", "--force", "--all")


@pytest.mark.parametrize(
    ("source", "spoil", "cure"),
    [
        ("commit", unpushed, "`git -C vendor/lib push origin "),
        ("commit", other_url, "`inv vendor.update`"),
        ("commit", unsafe, "correct it in .gitmodules and commit"),
        ("worktree", unpushed, "`git -C vendor/lib push origin "),
        ("worktree", edited, "`inv vendor.update --discard=vendor/lib`"),
        ("worktree", nested_missing, "`inv vendor.update`"),
    ],
)
def test_with_a_finding_nothing_is_contacted_and_the_cure_is_said(
    project: Plain, source: str, spoil: Callable[[Plain], None], cure: str
) -> None:
    spoil(project)
    with socket.create_server(("127.0.0.1", 0)) as host:
        host.setblocking(False)
        project.environment(
            "far",
            DEPLOY_HOSTS=f"127.0.0.1:{host.getsockname()[1]}",
            DEPLOY_PATH="/srv/app",
            DEPLOY_SOURCE=source,
        )
        done = project.fab("deploy", "--env=far")
        assert done.code == 2
        assert "vendor/lib" in done.err and cure in done.err
        with pytest.raises(BlockingIOError):
            host.accept()


def test_one_release_of_local_edits_is_let_pass_and_dirty(project: Plain) -> None:
    edited(project)
    project.environment(
        "wip",
        DEPLOY_HOSTS="local:",
        DEPLOY_PATH=".deploy/wip",
        DEPLOY_SOURCE="worktree",
        DEPLOY_VENDOR_INSTALL="path",
    )
    done = project.fab("deploy", "--env=wip", "--allow-dirty")
    assert done.code == 0 and "allowed: vendor/lib: has 1 local edit(s)" in done.err
    served = project.root / ".deploy/wip/current"
    assert (served / "vendor/lib/lib/__init__.py").read_text() == "TEXT = 'mine'\n"
    assert json.loads((served / ".deploytasks/release.json").read_text())["dirty"] is True


def test_repositories_with_sha_256_are_deployed(project: Plain, tmp_path: Path) -> None:
    place = tmp_path / "sha256"
    place.mkdir()
    for name in ("lib", "app"):
        git(place, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", name)
        for key, value in WHO.items():
            git(place / name, "config", key, value)
    write(place / "lib", "lib/__init__.py", "TEXT = 'sha256'\n")
    git(place / "lib", "add", "--all")
    git(place / "lib", "commit", "--quiet", "--message", "Begin")
    app = Plain(place / "app", place / "lib")
    for name in ("fabfile.py", "tasks.py", ".gitignore"):
        app.write(name, (project.root / name).read_text())
    git(app.root, "submodule", "--quiet", "add", str(place / "lib"), "vendor/lib")
    app.commit()
    app.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_VENDOR_INSTALL="path")
    assert app.fab("deploy", "--env=dev").code == 0
    assert (app.root / ".deploy/dev/current/vendor/lib/lib/__init__.py").read_text() == "TEXT = 'sha256'\n"
    assert len((app.root / ".deploy/dev/current/REVISION").read_text().strip()) == 64
    assert app.fab("plan", "--env=dev").code == 0


def test_a_deploy_works_from_a_git_hook(project: Plain) -> None:
    """git sets GIT_DIR and GIT_INDEX_FILE for its hooks; the nested repositories are others."""
    hook = project.root / ".git/hooks/post-commit"
    fab = Path(sys.executable).parent / "fab"
    hook.write_text(f"#!/bin/sh\nexec {fab} deploy --env=dev > hook.log 2>&1\n")
    hook.chmod(0o755)
    project.commit("Deploy by a hook")
    assert "ok      publish" in (project.root / "hook.log").read_text()
    served = project.root / ".deploy/dev/current"
    assert (served / "vendor/lib/vendor/deep/deep.txt").read_text() == "deep down\n"


def test_nobody_is_asked_for_a_password_on_the_terminal(project: Plain, private_url: str) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", private_url)
    project.commit("Move lib")
    terminals = "mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts"
    inside = own_mounts(f"{terminals} && mount --bind /dev/pts/ptmx /dev/ptmx") if ROOT else []
    asked = shlex.join([str(Path(sys.executable).parent / "inv"), "vendor.outdated"])
    done = subprocess.run(
        [*inside, "script", "--quiet", "--return", "--command", asked, "/dev/null"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "vendor/lib: its server cannot be asked" in done.stdout and "Username" not in done.stdout
