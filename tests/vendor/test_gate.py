"""One test for each way in which git says yes and has no, wrong or unfetchable code."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from deploytasks.vendored import Gate, dependencies, gate
from examples.building import git
from tests.release.project import Plain


def judged(
    project: Plain,
    *,
    source: str = "worktree",
    policy: str = "pushed",
    local_urls: bool = True,
    dirty: bool = False,
) -> Gate:
    return gate(project.root, "HEAD", source=source, policy=policy, local_urls=local_urls, allow_dirty=dirty)


def lib(project: Plain) -> Path:
    return project.root / "vendor/lib"


def local_commit(project: Plain) -> None:
    """A commit in the work tree of the submodule that is nowhere else, pinned."""
    (lib(project) / "lib/__init__.py").write_text("TEXT = 'unpushed'\n")
    git(
        lib(project),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "-am",
        "Unpushed",
    )
    git(project.root, "commit", "--quiet", "-am", "Pin what is not pushed")


def edit(project: Plain) -> None:
    (lib(project) / "lib/__init__.py").write_text("TEXT = 'edited'\n")


def assume_unchanged(project: Plain) -> None:
    git(lib(project), "update-index", "--assume-unchanged", "lib/__init__.py")
    edit(project)


def skip_worktree(project: Plain) -> None:
    git(lib(project), "update-index", "--skip-worktree", "lib/__init__.py")
    edit(project)


def ignore_all(project: Plain) -> None:
    git(project.root, "config", "submodule.vendor/lib.ignore", "all")
    edit(project)


def untracked(project: Plain) -> None:
    (lib(project) / "extra.py").write_text("x = 1\n")


def move_head(project: Plain) -> None:
    project.lib_says("moved")
    git(lib(project), "checkout", "--quiet", "HEAD~1")


def deinit(project: Plain) -> None:
    git(project.root, "submodule", "--quiet", "deinit", "--force", "vendor/lib")


def deinit_nested(project: Plain) -> None:
    git(lib(project), "submodule", "--quiet", "deinit", "--force", "vendor/deep")


def update_none(project: Plain) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.update", "none")
    git(project.root, "commit", "--quiet", "-am", "Update none")


def update_command(project: Plain) -> None:
    git(project.root, "config", "submodule.vendor/lib.update", "!true")


def empty_directory(project: Plain) -> None:
    """As a clone without recursion leaves it, but at another pin than HEAD's."""
    deinit(project)
    (lib(project) / "left-over.txt").write_text("x\n")


def broken_pointer(project: Plain) -> None:
    (lib(project) / ".git").write_text("gitdir: ../nowhere\n")


def other_url(project: Plain) -> None:
    git(project.root, "config", "submodule.vendor/lib.url", "/somewhere/else.git")


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(edit, "local edit", id="dirty with an unchanged pin"),
        pytest.param(assume_unchanged, "local edit", id="assume-unchanged"),
        pytest.param(skip_worktree, "local edit", id="skip-worktree"),
        pytest.param(ignore_all, "local edit", id="ignore = all"),
        pytest.param(untracked, "local edit", id="untracked file"),
        pytest.param(move_head, "its pin is", id="work tree differs from the pin"),
        pytest.param(deinit, "not initialised", id="not initialised"),
        pytest.param(deinit_nested, "not initialised", id="nested not initialised"),
        pytest.param(update_none, "update = none", id="update = none"),
        pytest.param(update_command, "update = !true", id="update = a command"),
        pytest.param(broken_pointer, "cannot be read by git", id="a work tree that git cannot read"),
        pytest.param(empty_directory, "not initialised", id="files where the submodule should be"),
    ],
)
def test_a_work_tree_that_is_not_the_pin_stops_worktree_mode_and_is_named_in_commit_mode(
    project: Plain, spoil: Callable[[Plain], None], what: str
) -> None:
    assert judged(project) == Gate()
    spoil(project)
    findings = judged(project).findings
    assert findings and all(what in str(finding) and "`" in finding.cure for finding in findings)
    passed = judged(project, source="commit")
    assert passed.findings == ()
    if spoil is not deinit:
        assert any(note.startswith("not shipped: vendor/lib") and what in note for note in passed.notes)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(local_commit, "in no branch of its remote", id="unpushed pin"),
        pytest.param(other_url, "its URL in .gitmodules", id="URL changed without sync"),
    ],
)
def test_a_pin_that_nobody_else_has_stops_both_modes(
    project: Plain, spoil: Callable[[Plain], None], what: str
) -> None:
    spoil(project)
    for source in ("commit", "worktree"):
        assert [what in str(finding) for finding in judged(project, source=source).findings] == [True]


def test_a_tag_does_not_make_a_pin_pushed(project: Plain) -> None:
    local_commit(project)
    git(lib(project), "tag", "v1")
    assert len(judged(project, source="commit").findings) == 1


def test_what_local_refs_cannot_prove_is_asked_of_the_server(project: Plain) -> None:
    local_commit(project)
    git(lib(project), "push", "--quiet", "origin", "HEAD:refs/heads/elsewhere")
    git(lib(project), "update-ref", "-d", "refs/remotes/origin/elsewhere")
    assert judged(project, source="commit").findings == ()


def test_allow_dirty_lets_edits_and_unpushed_pins_pass_and_the_release_is_dirty(project: Plain) -> None:
    local_commit(project)
    edit(project)
    (lib(project) / "lib/__init__.py").write_text("TEXT = 'more'\n")
    passed = judged(project, dirty=True)
    assert passed.findings == () and passed.dirty


@pytest.mark.parametrize(
    ("policy", "refs", "passes"),
    [
        ("any", (), True),
        ("pushed", (), False),
        ("tag", ("refs/tags/v1",), True),
        ("tag", (), False),
        ("branch:stable", ("refs/heads/stable",), True),
        ("branch:stable", ("refs/heads/other",), False),
    ],
)
def test_the_policy_says_which_pins_pass(
    project: Plain, policy: str, refs: tuple[str, ...], passes: bool
) -> None:
    local_commit(project)
    for ref in refs:
        git(lib(project), "push", "--quiet", "origin", f"HEAD:{ref}")
    assert (judged(project, source="commit", policy=policy).findings == ()) is passes


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("path", "../outside", "path"),
        ("path", "-x", "path"),
        ("url", "-oProxyCommand=x", "URL"),
        ("url", "ext::sh -c touch% x", "URL"),
        ("url", "https://example.com/\r", "URL"),
    ],
)
def test_unsafe_entries_are_refused_before_git_acts_on_them(
    project: Plain, key: str, value: str, what: str
) -> None:
    git(project.root, "config", "--file", ".gitmodules", f"submodule.vendor/lib.{key}", value)
    git(project.root, "commit", "--quiet", "-am", "Unsafe")
    found = [str(finding) for finding in judged(project, source="commit").findings]
    assert found and any(what.lower() in text.lower() or "not in .gitmodules" in text for text in found)


def test_a_local_url_is_refused_unless_the_project_allows_it(project: Plain) -> None:
    found = judged(project, local_urls=False).findings
    assert {finding.dependency for finding in found} == {"vendor/lib", "vendor/lib/vendor/deep"}
    assert all("DEPLOY_VENDOR_LOCAL_URLS" in finding.cure for finding in found)


def test_lfs_pointers_are_found(project: Plain) -> None:
    (project.lib / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (project.lib / "big.bin").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    )
    git(project.lib, "add", "--all")
    git(project.lib, "commit", "--quiet", "-m", "LFS")
    git(project.lib, "push", "--quiet", "origin", "HEAD")
    assert project.run("inv", "vendor.update", "--remote", "--commit").code == 0
    assert [str(finding) for finding in judged(project, source="commit").findings if "LFS" in str(finding)]


def test_a_fresh_clone_without_recursion_is_initialised_by_the_gate(project: Plain, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(project.root), "fresh")
    assert gate(tmp_path / "fresh", "HEAD", local_urls=True).findings == ()
    assert (tmp_path / "fresh/vendor/lib/lib/__init__.py").exists()


def test_a_shallow_clone_passes(project: Plain, tmp_path: Path) -> None:
    project.lib_says("two")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project.root}", "shallow")
    git(tmp_path / "shallow", "submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
    assert gate(tmp_path / "shallow", "HEAD", local_urls=True).findings == ()


def test_a_git_worktree_passes(project: Plain, tmp_path: Path) -> None:
    git(project.root, "worktree", "add", "--quiet", "--detach", str(tmp_path / "worktree"))
    assert gate(tmp_path / "worktree", "HEAD", local_urls=True).findings == ()


def test_a_detached_head_passes_and_relative_urls_are_those_of_the_server(
    project: Plain, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "app.git")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", "../lib.git")
    project.commit("Use a relative URL")
    git(project.root, "push", "--quiet", str(tmp_path / "app.git"), "HEAD:main")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "app.git"), "clone")
    git(tmp_path / "clone", "checkout", "--quiet", "--detach")
    assert gate(tmp_path / "clone", "HEAD", local_urls=True) == Gate()
    assert gate(tmp_path / "clone", "HEAD", source="worktree", local_urls=True) == Gate()


def test_relative_urls_are_those_of_the_remote_that_the_branch_follows(
    project: Plain, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "app.git")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", "../lib.git")
    project.commit("Use a relative URL")
    git(project.root, "push", "--quiet", str(tmp_path / "app.git"), "HEAD:main")
    git(tmp_path, "clone", "--quiet", "--origin=upstream", str(tmp_path / "app.git"), "clone")
    git(tmp_path / "clone", "remote", "add", "origin", "https://fork.example/me/app.git")
    git(tmp_path / "clone", "submodule", "--quiet", "update", "--init", "--recursive")
    assert gate(tmp_path / "clone", "HEAD", source="worktree", local_urls=True) == Gate()


def test_a_revision_from_before_a_submodule_was_moved_passes_and_the_way_back_to_git_stays_open(
    project: Plain,
) -> None:
    old = git(project.root, "rev-parse", "HEAD")
    git(project.root, "rm", "--quiet", "vendor/lib")
    shutil.rmtree(project.root / ".git/modules/vendor/lib")
    git(project.root, "config", "--remove-section", "submodule.vendor/lib")
    project.commit("Do without lib")
    assert gate(project.root, old, local_urls=True).findings == ()
    git(project.root, "checkout", "--quiet", old)
    git(project.root, "submodule", "--quiet", "update", "--init", "--recursive")
    assert judged(project) == Gate()


def test_a_server_that_wants_a_password_is_a_finding_with_the_name_and_no_question(
    project: Plain, private_url: str, tmp_path: Path
) -> None:
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", private_url)
    project.commit("Move lib")
    git(tmp_path, "clone", "--quiet", str(project.root), "clone")
    (finding,) = gate(tmp_path / "clone", "HEAD").findings
    assert finding.dependency == "vendor/lib" and private_url in finding.cure


def shallow(project: Plain, tmp_path: Path) -> Path:
    """A clone whose submodule has one commit, its pin, and no remote ref that says so."""
    git(tmp_path, "clone", "--quiet", str(project.root), "shallow")
    tree = tmp_path / "shallow"
    git(tree, "config", "submodule.vendor/lib.url", f"file://{tmp_path}/lib.git")
    git(tree, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", f"file://{tmp_path}/lib.git")
    git(tree, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qam", "Use file://")
    git(tree, "submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
    return tree


def unproven(tree: Path) -> None:
    for ref in git(tree / "vendor/lib", "for-each-ref", "--format=%(refname)").splitlines():
        git(tree / "vendor/lib", "update-ref", "-d", ref)


def test_a_shallow_pin_behind_the_tip_is_asked_of_the_server(project: Plain, tmp_path: Path) -> None:
    tree = shallow(project, tmp_path)
    project.lib_says("later")
    unproven(tree)
    assert gate(tree, "HEAD", local_urls=True).findings == ()


def test_a_server_that_cannot_be_asked_about_a_shallow_pin_has_not_refused_it(
    project: Plain, tmp_path: Path
) -> None:
    tree = shallow(project, tmp_path)
    unproven(tree)
    (tmp_path / "lib.git").rename(tmp_path / "gone.git")
    assert gate(tree, "HEAD", local_urls=True).findings == ()


def test_a_shallow_pin_that_the_server_refuses_is_a_finding(project: Plain, tmp_path: Path) -> None:
    tree = shallow(project, tmp_path)
    words = ("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty")
    git(tree / "vendor/lib", *words, "--message", "Nowhere else")
    git(tree, *words, "--all", "--message", "Pin it")
    assert ["in no branch" in str(one) for one in gate(tree, "HEAD", local_urls=True).findings] == [True]


def test_paths_that_differ_only_in_case_are_refused(project: Plain) -> None:
    pin = git(project.root, "rev-parse", "HEAD:vendor/lib")
    git(project.root, "update-index", "--add", "--cacheinfo", f"160000,{pin},vendor/LIB")
    git(project.root, "config", "--file", ".gitmodules", "submodule.vendor/LIB.path", "vendor/LIB")
    git(
        project.root,
        "config",
        "--file",
        ".gitmodules",
        "submodule.vendor/LIB.url",
        "https://a.example/lib.git",
    )
    git(project.root, "add", ".gitmodules")
    git(project.root, "commit", "--quiet", "--message", "Add a twin")
    found = [str(finding) for finding in judged(project, source="commit").findings]
    assert any("only in case" in text for text in found)


def test_a_path_through_a_symlink_is_refused(project: Plain, tmp_path: Path) -> None:
    (project.root / "vendor").rename(tmp_path / "outside")
    (project.root / "vendor").symlink_to(tmp_path / "outside")
    found = [str(finding) for finding in judged(project, source="commit").findings]
    assert any("goes through a symlink" in text for text in found)


@pytest.mark.parametrize("name", ["../../../evil", "-evil", "evil\r", "a//b", "a/.git/b"])
def test_an_unsafe_name_is_refused_and_nothing_is_made_of_it(project: Plain, name: str) -> None:
    text = (project.root / ".gitmodules").read_text()
    (project.root / ".gitmodules").write_bytes(text.replace('"vendor/lib"', f'"{name}"').encode())
    project.commit("Rename unsafely")
    found = judged(project, source="commit").findings
    assert any("its name" in str(finding) and "not safe" in str(finding) for finding in found)


def test_submodules_whose_place_is_in_the_configuration_are_found_there(project: Plain) -> None:
    """As git 2.53 and later lay them out; git before does not know the extension, and takes no part in this test."""
    modules = project.root / ".git/modules"
    (modules / "vendor/lib").rename(modules / "flat%2flib")
    (lib(project) / ".git").unlink()
    git(project.root, "config", "extensions.submodulePathConfig", "true")
    git(project.root, "config", "submodule.vendor/lib.gitdir", ".git/modules/flat%2flib")
    found = {one.path: one for one in dependencies(project.root, "HEAD")}
    assert found["vendor/lib"].present
    assert found["vendor/lib"].git_dir == modules / "flat%2flib"


def test_a_repository_that_this_git_cannot_read_is_said_so(project: Plain) -> None:
    git(project.root, "config", "extensions.invented", "true")
    git(project.root, "config", "core.repositoryformatversion", "1")
    done = project.fab("deploy", "--env=dev")
    assert done.code == 2 and "unknown repository extension" in done.err


def test_git_variables_of_a_hook_do_not_mislead(
    project: Plain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "lib.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert judged(project) == Gate()


def test_a_submodule_renamed_and_moved_still_deploys(project: Plain) -> None:
    git(project.root, "mv", "vendor/lib", "vendor/other")
    project.commit("Move the submodule")
    assert judged(project).findings == ()
    project.write("postinstall", "#!/bin/sh\n", 0o755)
    project.commit()
    assert project.fab("deploy", "--env=dev").code == 0


def test_a_submodule_becomes_a_directory_and_back(project: Plain) -> None:
    project.write("postinstall", "#!/bin/sh\n", 0o755)
    project.commit()
    git(project.root, "rm", "--quiet", "--cached", "vendor/lib")
    git(project.root, "config", "--file", ".gitmodules", "--remove-section", "submodule.vendor/lib")
    for place in ("", "vendor/deep"):
        os.unlink(lib(project) / place / ".git")
    project.commit("Take the code in")
    assert project.fab("deploy", "--env=dev").code == 0
    assert (project.root / ".deploy/dev/current/vendor/lib/lib/__init__.py").exists()
    git(project.root, "revert", "--no-edit", "HEAD")
    assert project.fab("deploy", "--env=dev").code == 0


def test_a_deploy_with_a_finding_contacts_nothing_and_says_the_cure(project: Plain) -> None:
    local_commit(project)
    project.environment("staging", DEPLOY_HOSTS="192.0.2.1", DEPLOY_PATH="/srv/app")
    done = project.fab("deploy", "--env=staging")
    assert done.code == 2
    assert "git -C vendor/lib push origin" in done.err


def test_one_failing_dependency_does_not_hide_the_others(project: Plain) -> None:
    git(
        project.root,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(project.lib.parent / "deep.git"),
        "vendor/deep",
    )
    project.commit("Add another")
    edit(project)
    (project.root / "vendor/deep/deep.txt").write_text("edited\n")
    assert {finding.dependency for finding in judged(project).findings} == {"vendor/lib", "vendor/deep"}
    done = project.run("inv", "vendor.update")
    assert done.code == 1
    assert "vendor/lib: has 1 local edit" in done.err and "vendor/deep: has 1 local edit" in done.err


def test_a_gitlink_without_gitmodules_is_a_finding(project: Plain) -> None:
    git(project.root, "rm", "--quiet", "--cached", ".gitmodules")
    git(project.root, "commit", "--quiet", "--message", "Forget .gitmodules")
    assert ["not in .gitmodules" in str(one) for one in judged(project, source="commit").findings] == [True]


def test_a_gitmodules_that_git_cannot_read_is_no_project_without_dependencies(project: Plain) -> None:
    project.write(".gitmodules", "[submodule\n")
    project.commit("Break .gitmodules")
    done = project.fab("deploy", "--env=dev")
    assert done.code == 2 and ".gitmodules: cannot be read by git" in done.err


def test_the_command_ends_with_0_without_findings_1_with_some_and_2_when_it_cannot_check(
    project: Plain,
) -> None:
    assert project.run("inv", "vendor.check").code == 0
    edit(project)
    done = project.run("inv", "vendor.check")
    assert done.code == 1 and "vendor/lib: has 1 local edit(s)" in done.out and "--discard" in done.out
    done = project.run("inv", "vendor.check", "--env=dev")
    assert done.code == 0 and "not shipped: vendor/lib: has 1 local edit(s)" in done.out
    done = project.run("inv", "vendor.check", "--json")
    assert [one["dependency"] for one in done.document["findings"]] == ["vendor/lib"]
    assert project.run("inv", "vendor.check", "--revision=nosuch").code == 2
    (project.root / ".git").rename(project.root / "git")
    assert project.run("inv", "vendor.check").code == 2
