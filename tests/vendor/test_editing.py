"""`vendor.add`, `remove`, `move`, `outdated`, `diff` and `status`: what is left on disk, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.vendored import Gate, add_move_remove, gate
from deploytasks.vendored.outdated import moved, outdated
from deploytasks.vendored.status import status
from deploytasks.vendored.update import update
from examples.building import git
from tests.release.project import Plain


def news(project: Plain, text: str, *, tag: str = "") -> str:
    """A commit of the private package on its server; the commit."""
    (project.lib / "news.txt").write_text(text)
    git(project.lib, "add", "--all")
    git(project.lib, "commit", "--quiet", "--message", text)
    git(project.lib, "push", "--quiet", "origin", "HEAD")
    if tag:
        git(project.lib, "tag", "-a", "-m", tag, tag)
        git(project.lib, "push", "--quiet", "origin", tag)
    return git(project.lib, "rev-parse", "HEAD")


def traces(root: Path, name: str) -> list[str]:
    """Everything in the repository that still speaks of a name."""
    found = [str(path.relative_to(root)) for path in root.rglob(name) if "objects" not in path.parts]
    for text in (".git/config", ".gitmodules"):
        found += [text] if (root / text).exists() and name in (root / text).read_text() else []
    return found + git(root, "ls-files", f"vendor/{name}").splitlines()


def test_a_dependency_is_added_with_its_branch_and_removed_without_a_trace_and_added_again(
    project: Plain, tmp_path: Path
) -> None:
    url = str(tmp_path / "deep.git")
    for _ in range(2):
        assert add_move_remove.add(project.root, url, name="extra", local_urls=True) == "vendor/extra"
        project.commit("Add extra")
        assert "branch = main" in (project.root / ".gitmodules").read_text()
        assert gate(project.root, "HEAD", source="worktree", local_urls=True) == Gate()
        assert add_move_remove.remove(project.root, "extra") == "vendor/extra"
        project.commit("Remove extra")
        assert traces(project.root, "extra") == []
        assert gate(project.root, "HEAD", source="worktree", local_urls=True) == Gate()


def test_another_repository_can_take_the_name_of_a_removed_one(project: Plain, tmp_path: Path) -> None:
    add_move_remove.remove(project.root, "lib")
    project.commit("Remove lib")
    add_move_remove.add(project.root, str(tmp_path / "deep.git"), name="lib", local_urls=True)
    project.commit("Add another lib")
    assert (project.root / "vendor/lib/deep.txt").read_text() == "deep down\n"
    assert gate(project.root, "HEAD", source="worktree", local_urls=True) == Gate()


def test_a_dependency_that_was_added_and_not_committed_can_be_removed(project: Plain, tmp_path: Path) -> None:
    add_move_remove.add(project.root, str(tmp_path / "deep.git"), name="extra", local_urls=True)
    add_move_remove.remove(project.root, "extra")
    assert traces(project.root, "extra") == []


def test_edits_are_not_removed_unless_they_are_given_up(project: Plain) -> None:
    (project.root / "vendor/lib/extra.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="1 local edit"):
        add_move_remove.remove(project.root, "lib")
    assert (project.root / "vendor/lib/extra.py").exists()
    add_move_remove.remove(project.root, "lib", discard=True)
    assert not (project.root / "vendor/lib").exists()


@pytest.mark.parametrize(
    ("url", "name", "what"),
    [
        ("--upload-pack=x", "", "is not safe"),
        ("https://example.com/x\r", "", "is not safe"),
        ("https://example.com/x.git", "../x", "is not safe"),
        ("https://example.com/x.git", "-x", "is not safe"),
        ("-x/lib.git", "lib2", "needs the URL"),
        ("/srv/lib.git", "lib2", "path of this machine"),
        ("https://example.com/x.git", "lib", "is there already"),
    ],
)
def test_what_is_not_safe_is_not_added(project: Plain, url: str, name: str, what: str) -> None:
    before = (project.root / ".gitmodules").read_text()
    with pytest.raises(UsageError, match=what):
        add_move_remove.add(project.root, url, name=name)
    assert (project.root / ".gitmodules").read_text() == before


def test_a_dependency_is_fetched_from_its_new_url_here_and_by_everybody(
    project: Plain, tmp_path: Path
) -> None:
    moved_to = str(tmp_path / "elsewhere.git")
    (tmp_path / "lib.git").rename(moved_to)
    add_move_remove.move(project.root, "lib", moved_to, local_urls=True)
    project.commit("Move lib")
    assert gate(project.root, "HEAD", source="worktree", local_urls=True) == Gate()
    git(tmp_path, "clone", "--quiet", str(project.root), "clone")
    assert [one.problem for one in update(tmp_path / "clone", local_urls=True)] == [""]


def test_what_is_newer_on_the_server_is_said_without_fetching(project: Plain) -> None:
    new = news(project, "Newer")
    refs = git(project.root / "vendor/lib", "for-each-ref")
    (found,) = outdated(project.root, local_urls=True)
    assert (found.tip, found.current) == (new, False)
    assert "vendor.update --remote --name=lib" in str(found)
    assert git(project.root / "vendor/lib", "for-each-ref") == refs
    done = git(project.root / "vendor/lib", "cat-file", "--batch-check", "--batch-all-objects")
    assert new not in done


def test_the_newest_tag_is_compared_where_track_is_a_pattern(project: Plain) -> None:
    news(project, "Nine", tag="v1.9")
    ten = news(project, "Ten", tag="v1.10")
    news(project, "After")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.track", "v*")
    project.commit("Track tags")
    assert [one.tip for one in outdated(project.root, local_urls=True)] == [ten]


def test_a_server_that_wants_a_password_is_named_and_not_waited_for(project: Plain, private_url: str) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", private_url)
    project.commit("Move lib")
    (found,) = outdated(project.root)
    assert found.path == "vendor/lib" and "its server cannot be asked" in found.problem


def test_the_commits_between_pins_and_work_trees_are_shown_rewinds_first(project: Plain) -> None:
    tree = project.root / "vendor/lib"
    project.lib_says("two")
    git(tree, "checkout", "--quiet", "HEAD~1")
    write = ("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty")
    git(tree, *write, "--message", "Aside")
    (change,) = moved(project.root)
    lines = change.lines()
    assert "REWINDS 1 commit(s)" in lines[0] and lines[1].endswith("Say two")
    assert "brings 1 commit(s)" in lines[2] and lines[3].endswith("Aside")


def test_more_commits_than_are_shown_are_counted(project: Plain) -> None:
    for number in range(25):
        git(project.lib, "commit", "--quiet", "--allow-empty", "--message", f"Commit {number}")
    git(project.lib, "push", "--quiet", "origin", "HEAD")
    git(project.root / "vendor/lib", "pull", "--quiet", "origin", "main")
    lines = moved(project.root)[0].lines()
    assert lines[0].endswith("brings 25 commit(s):") and lines[-1].endswith("… and 5 more")


def test_where_each_dependency_stands_as_json(project: Plain) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.branch", "main")
    project.commit("Track main")
    pin = git(project.root, "rev-parse", "HEAD:vendor/lib")
    tree = project.root / "vendor/lib"
    news(project, "Newer")
    git(tree, "fetch", "--quiet")
    (tree / "lib/__init__.py").write_text("TEXT = 'edited'\n")
    (tree / "new.py").write_text("x = 1\n")
    (tree / ".git/info" if (tree / ".git").is_dir() else project.root / ".git/modules/vendor/lib/info").mkdir(
        exist_ok=True
    )
    (project.root / ".git/modules/vendor/lib/info/exclude").write_text("*.log\n")
    (tree / "x.log").write_text("log\n")
    done = project.run("inv", "vendor.status", "--json", "--ignored")
    assert done.code == 0, done.err
    lib, deep = done.document
    assert lib == {
        "path": "vendor/lib",
        "pin": pin,
        "describe": pin[:7],
        "tracks": "main",
        "head": pin,
        "ahead": 0,
        "behind": 1,
        "edited": 1,
        "untracked": 1,
        "ignored": 1,
        "unpushed": False,
        "nested": False,
    }
    assert (deep["path"], deep["nested"]) == ("vendor/lib/vendor/deep", True)
    assert status(project.root)[0].ignored == 0


def test_a_pin_that_no_remote_branch_has_is_unpushed_in_the_status(project: Plain) -> None:
    tree = project.root / "vendor/lib"
    write = ("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty")
    git(tree, *write, "--message", "Mine")
    project.commit("Pin it")
    assert [one.unpushed for one in status(project.root)] == [True, False]
    done = project.run("inv", "vendor.status")
    assert "unpushed" in done.out.splitlines()[0] and done.out.splitlines()[1].endswith("clean")
