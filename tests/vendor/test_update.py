"""`vendor.update`: what is on disk afterwards, and what is said of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.vendored import Gate, dependencies, gate
from deploytasks.vendored.goal import Move
from deploytasks.vendored.status import status
from deploytasks.vendored.update import Outcome, update
from examples.building import WHO, git
from tests.release.project import Plain, begin, finish, write

REMOTE = Move(remote=True)


def another(project: Plain, name: str) -> Path:
    """A second private package, vendored and pinned; answers its authors' clone."""
    base = project.lib.parent
    git(base, "init", "--quiet", "--bare", "--initial-branch=main", f"{name}.git")
    begin(base / name)
    write(base / name, f"{name}.py", "X = 1\n")
    finish(base / name)
    git(project.root, "submodule", "--quiet", "add", str(base / f"{name}.git"), f"vendor/{name}")
    project.commit(f"Vendor {name}")
    return base / name


def publish(package: Path, text: str, *, branch: str = "main", tag: str = "") -> str:
    """A commit of a package on its server; the commit."""
    write(package, "news.txt", text)
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", text)
    git(package, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    if tag:
        git(package, "tag", "-a", "-m", tag, tag)
        git(package, "push", "--quiet", "origin", tag)
    return git(package, "rev-parse", "HEAD")


def pins(project: Plain, revision: str = "HEAD") -> dict[str, str]:
    return {one.path: one.commit for one in dependencies(project.root, revision)}


def heads(root: Path) -> dict[str, str]:
    paths = ("vendor/lib", "vendor/lib/vendor/deep")
    return {path: git(root / path, "rev-parse", "HEAD") for path in paths}


def fresh_clone(project: Plain) -> Path:
    clone = project.root.parent / "clone"
    git(project.root.parent, "clone", "--quiet", str(project.root), str(clone))
    return clone


def bring(root: Path, *names: str, move: Move = Move(), **options: bool) -> tuple[Outcome, ...]:  # noqa: B008
    return update(root, names=names, move=move, local_urls=True, **options)  # type: ignore[arg-type]


def test_a_fresh_clone_is_brought_to_its_pins_nested_ones_included(project: Plain) -> None:
    clone = fresh_clone(project)
    assert [outcome.problem for outcome in bring(clone)] == [""]
    assert heads(clone) == pins(project)
    assert (
        git(clone, "submodule", "status", "--recursive")
        .splitlines()[0]
        .startswith(pins(project)["vendor/lib"])
    )
    assert git(clone, "status", "--porcelain", "--ignore-submodules=none") == ""


def test_what_it_lays_out_is_what_git_lays_out(project: Plain) -> None:
    ours, gits = fresh_clone(project), project.root.parent / "gits"
    git(project.root.parent, "clone", "--quiet", str(project.root), str(gits))
    git(gits, "submodule", "--quiet", "update", "--init", "--recursive")
    bring(ours)
    for name in (
        "vendor/lib/.git",
        ".git/modules/vendor/lib/config",
        ".git/modules/vendor/lib/HEAD",
        ".git/config",
    ):
        assert (ours / name).read_text().replace(str(ours), "") == (gits / name).read_text().replace(
            str(gits), ""
        )


def test_a_submodule_that_was_here_before_is_taken_up_again(project: Plain) -> None:
    git(project.root, "submodule", "--quiet", "deinit", "--force", "--all")
    assert [outcome.problem for outcome in bring(project.root)] == [""]
    assert heads(project.root) == pins(project)


def test_a_changed_url_is_taken_over(project: Plain, tmp_path: Path) -> None:
    moved = tmp_path / "moved.git"
    (tmp_path / "lib.git").rename(moved)
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", str(moved))
    git(project.root, "commit", "--quiet", "-am", "Move lib")
    assert [outcome.problem for outcome in bring(project.root)] == [""]
    assert git(project.root / "vendor/lib", "config", "remote.origin.url") == str(moved)


def test_the_tip_of_the_tracked_branch_is_pinned_and_said(project: Plain) -> None:
    new = publish(project.lib, "Greet in French")
    done = project.run("inv", "vendor.update", "--remote", "--commit")
    assert done.code == 0, done.err
    assert pins(project)["vendor/lib"] == new
    message = git(project.root, "log", "-1", "--format=%B")
    assert "Greet in French" in message
    assert "git push" in done.out + done.err
    assert git(project.root, "status", "--porcelain") == ""


def test_another_branch_is_tracked_where_gitmodules_says_so(project: Plain) -> None:
    git(project.lib, "checkout", "--quiet", "-b", "stable")
    new = publish(project.lib, "Only in stable", branch="stable")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.branch", "stable")
    project.commit("Track stable")
    bring(project.root, move=REMOTE, commit=True)
    assert pins(project)["vendor/lib"] == new


def test_the_newest_tag_by_version_is_pinned_where_track_is_a_pattern(project: Plain) -> None:
    publish(project.lib, "Nine", tag="v1.9")
    ten = publish(project.lib, "Ten", tag="v1.10")
    publish(project.lib, "After")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.track", "v*")
    project.commit("Track tags")
    bring(project.root, move=REMOTE, commit=True)
    assert pins(project)["vendor/lib"] == ten


def test_to_moves_one_and_no_other(project: Plain) -> None:
    other = another(project, "other")
    old = pins(project)
    named = publish(project.lib, "Named", tag="v7")
    publish(project.lib, "Later")
    publish(other, "Not asked for")
    bring(project.root, "lib", move=Move(to="v7"), commit=True)
    assert pins(project) == {**old, "vendor/lib": named}


def test_to_without_a_name_is_refused(project: Plain) -> None:
    another(project, "other")
    with pytest.raises(UsageError, match="--to: moves one dependency"):
        bring(project.root, move=Move(to="main"))


def test_a_dry_run_says_what_would_come_and_changes_nothing(project: Plain) -> None:
    before, old = heads(project.root), pins(project)
    publish(project.lib, "Would come")
    (outcome,) = bring(project.root, move=REMOTE, dry_run=True)
    assert outcome.change is not None and any("Would come" in line for line in outcome.change.lines())
    assert heads(project.root) == before and pins(project) == old
    assert git(project.root, "status", "--porcelain") == ""


def test_without_commit_the_moved_pin_is_left_to_be_committed(project: Plain) -> None:
    old = pins(project)
    new = publish(project.lib, "Moved")
    bring(project.root, move=REMOTE)
    assert pins(project) == old
    assert heads(project.root)["vendor/lib"] == new


def test_only_the_pins_are_committed(project: Plain) -> None:
    project.write("page.txt", "not finished")
    git(project.root, "add", "page.txt")
    publish(project.lib, "Moved")
    bring(project.root, move=REMOTE, commit=True)
    assert git(project.root, "show", "--name-only", "--format=", "HEAD") == "vendor/lib"


def test_edits_are_never_overwritten_unless_they_are_given_up(project: Plain) -> None:
    page = project.root / "vendor/lib/lib/__init__.py"
    page.write_text("TEXT = 'mine'\n")
    publish(project.lib, "Moved")
    done = project.run("inv", "vendor.update", "--remote")
    said = done.out + done.err
    assert done.code == 1 and "vendor/lib: has 1 local edit(s)" in said and "--discard=" in said
    assert page.read_text() == "TEXT = 'mine'\n"
    assert project.run("inv", "vendor.update", "--remote", "--discard=lib").code == 0
    assert page.read_text() == "TEXT = 'one'\n"


def test_edits_that_git_was_told_not_to_see_are_not_overwritten_either(project: Plain) -> None:
    page = project.root / "vendor/lib/lib/__init__.py"
    git(project.root / "vendor/lib", "update-index", "--skip-worktree", "lib/__init__.py")
    page.write_text("TEXT = 'mine'\n")
    (outcome,) = bring(project.root, move=REMOTE)
    assert "1 local edit(s)" in outcome.problem
    assert page.read_text() == "TEXT = 'mine'\n"


def test_one_that_fails_hides_no_other(project: Plain, tmp_path: Path) -> None:
    another(project, "other")
    clone = fresh_clone(project)
    (tmp_path / "lib.git").rename(tmp_path / "gone.git")
    outcomes = {outcome.path: outcome for outcome in bring(clone)}
    assert outcomes["vendor/lib"].problem and not outcomes["vendor/other"].problem
    assert (clone / "vendor/other/other.py").exists()


def hooked(directory: Path) -> str:
    """A post-checkout hook that edits what was checked out."""
    hook = directory / "hooks/post-checkout"
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text("#!/bin/sh\nfor file in *.py; do echo more >> $file; done\n")
    hook.chmod(0o755)
    return str(directory)


def test_what_a_hook_leaves_behind_in_a_new_clone_is_found_though_git_says_yes(
    project: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another(project, "other")
    clone = fresh_clone(project)
    (tmp_path / "gitconfig").write_text(f"[init]\n\ttemplateDir = {hooked(tmp_path / 'templates')}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (outcome,) = bring(clone, "other")
    assert "local edit" in outcome.problem


def test_what_a_hook_leaves_behind_after_a_move_is_found_though_git_says_yes(project: Plain) -> None:
    package = another(project, "other")
    publish(package, "Moved")
    hooked(project.root / ".git/modules/vendor/other")
    (outcome,) = bring(project.root, "other", move=REMOTE)
    assert "still has local edits, first other.py" in outcome.problem


def test_a_server_that_wants_a_password_fails_at_once_and_is_named(project: Plain, private_url: str) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", private_url)
    git(project.root, "commit", "--quiet", "-am", "Move lib")
    clone = fresh_clone(project)
    (outcome,) = bring(clone)
    assert outcome.path == "vendor/lib" and private_url in outcome.problem
    assert not (clone / "vendor/lib/lib").exists()


def test_a_relative_url_is_that_of_the_server_of_the_project(project: Plain, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "app.git")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", "../lib.git")
    project.commit("Use a relative URL")
    git(project.root, "push", "--quiet", str(tmp_path / "app.git"), "HEAD:main")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "app.git"), "clone")
    assert [outcome.problem for outcome in bring(tmp_path / "clone")] == [""]
    assert heads(tmp_path / "clone") == pins(project)


def test_forty_submodules_are_brought_judged_and_told_one_by_one(tmp_path: Path) -> None:
    begin(tmp_path / "app")
    for number in range(40):
        name = f"lib{number}"
        begin(tmp_path / name)
        write(tmp_path / name, "x.py", f"X = {number}\n")
        git(tmp_path / name, "add", "--all")
        git(tmp_path / name, "commit", "--quiet", "--message", f"Begin {name}")
        git(tmp_path / "app", "submodule", "--quiet", "add", str(tmp_path / name), f"vendor/{name}")
    git(tmp_path / "app", "commit", "--quiet", "--message", "Vendor forty")
    git(tmp_path, "clone", "--quiet", "app", "clone")
    clone = tmp_path / "clone"
    assert [outcome.problem for outcome in bring(clone)] == [""] * 40
    assert gate(clone, "HEAD", source="worktree", local_urls=True) == Gate()
    (clone / "vendor/lib7/x.py").write_text("X = -1\n")
    assert [outcome.path for outcome in bring(clone) if outcome.problem] == ["vendor/lib7"]
    assert [one.path for one in status(clone) if one.edited] == ["vendor/lib7"]
    assert len(status(clone)) == 40


def test_edits_in_a_nested_dependency_are_kept_and_said(project: Plain) -> None:
    page = project.root / "vendor/lib/vendor/deep/deep.txt"
    page.write_text("mine\n")
    (outcome,) = bring(project.root)
    assert "its vendor/lib/vendor/deep: has 1 local edit(s)" in outcome.problem
    assert "--discard=vendor/lib/vendor/deep" in outcome.problem and page.read_text() == "mine\n"
    ours = project.root / "vendor/lib/lib/__init__.py"
    ours.write_text("TEXT = 'mine'\n")
    nested = ["vendor/lib/vendor/deep"]
    (outcome,) = update(project.root, discard=nested, local_urls=True)
    assert outcome.problem.endswith("--discard=vendor/lib") and ours.read_text() == "TEXT = 'mine'\n"
    git(project.root / "vendor/lib", "checkout", "--quiet", "lib")
    assert [one.problem for one in update(project.root, discard=nested, local_urls=True)] == [""]
    assert page.read_text() == "deep down\n"


def test_a_pin_that_its_server_has_not_is_said_so(project: Plain) -> None:
    tree = project.root / "vendor/lib"
    git(
        tree,
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "Mine",
    )
    project.commit("Pin what is nowhere else")
    clone = fresh_clone(project)
    for _ in range(2):
        (outcome,) = bring(clone)
        assert "cannot be fetched from" in outcome.problem and "push it there" in outcome.problem


def test_what_is_staged_is_what_is_brought(project: Plain) -> None:
    new = publish(project.lib, "Staged")
    bring(project.root, move=REMOTE)
    git(project.root, "add", "vendor/lib")
    assert [outcome.commit for outcome in bring(project.root)] == [new]
    assert heads(project.root)["vendor/lib"] == new


def test_json_says_what_became_of_each(project: Plain) -> None:
    new = publish(project.lib, "Moved")
    done = project.run("inv", "vendor.update", "--remote", "--json")
    assert done.code == 0, done.err
    assert new in json.dumps(json.loads(done.out))


def test_it_works_from_a_hook_of_another_repository(project: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = fresh_clone(project)
    monkeypatch.setenv("GIT_DIR", str(project.lib / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project.lib / ".git/index"))
    assert [outcome.problem for outcome in bring(clone)] == [""]
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        del os.environ[name]
    assert heads(clone) == pins(project) and WHO
