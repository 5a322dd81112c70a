"""What is on the host is what git says, whatever the work tree looks like."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from concurrent.futures import Future
from pathlib import Path

import pytest

from deploytasks import source, vendored
from deploytasks.commands import build
from deploytasks.config.environment import Environment
from deploytasks.config.loading import load_environment
from deploytasks.source.commits import Commits
from examples.building import git
from tests.release.project import Plain, make_plain

ODD_NAMES = (
    "a b",
    "quote'single",
    'quote"double',
    "new\nline",
    "-leading-dash",
    ".hidden",
    "ümläut",
    "日本",
    "back\\slash",
    "tab\there",
    "star*?[x]",
    "$dollar `tick`",
    "dir with space/in ner",
    os.fsdecode(b"not-utf8-\xff"),
)


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Plain:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    made = make_plain(tmp_path)
    made.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev")
    return made


def environment(project: Plain, **keys: str) -> Environment:
    project.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", **keys)
    return load_environment("dev", root=project.root)


def committed(repo: Path, revision: str, prefix: str = "") -> dict[str, tuple[int, str]]:
    """{path: (mode, blob id)} of a revision and of its submodules, as git lists them."""
    found: dict[str, tuple[int, str]] = {}
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "-z", revision], cwd=repo, check=True, capture_output=True
    ).stdout
    for item in filter(None, os.fsdecode(listed).split("\0")):
        head, _, path = item.partition("\t")
        mode, kind, blob = head.split()
        if kind == "commit":
            found.update(committed(repo / path, blob, f"{prefix}{path}/"))
        else:
            found[prefix + path] = (int(mode, 8), blob)
    return found


def on_disk(top: Path) -> dict[str, tuple[int, str]]:
    """{path: (git mode, blob id)} of a directory, less what the tool writes into a release."""
    found = {}
    for directory, names, files in os.walk(top):
        if Path(directory) == top:
            names[:] = [name for name in names if name not in (".deploytasks", ".venv")]
            files = [name for name in files if name not in (".env", "environment.json", "REVISION", ".venv")]
        links = [name for name in names if (Path(directory) / name).is_symlink()]
        for name in [*files, *links]:
            path = Path(directory, name)
            status = path.lstat()
            link = stat.S_ISLNK(status.st_mode)
            data = os.fsencode(os.readlink(path)) if link else path.read_bytes()
            mode = 0o120000 if link else 0o100755 if status.st_mode & 0o100 else 0o100644
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            found[str(path.relative_to(top))] = (mode, blob)
    return found


def current(project: Plain) -> Path:
    return (project.root / ".deploy/dev/current").resolve()


def test_commit_ships_the_revision_while_the_work_tree_is_dirty_moved_and_half_initialised(
    project: Plain,
) -> None:
    project.write("run.sh", "#!/bin/sh\n", 0o755)
    (project.root / "link").symlink_to("page.txt")
    (project.root / "dangling").symlink_to("no/such/place")
    project.write(
        ".gitattributes", "*.txt text eol=crlf ident\n*.dat filter=nosuch\nsecret.txt export-ignore\n"
    )
    project.write("secret.txt", "$Id$\nline\n")
    project.write("x.dat", b"\x00\xff\r\n")
    revision = project.commit()
    expected = committed(project.root, revision)
    project.write("page.txt", "dirty\n")
    project.write("untracked.txt", "never\n")
    (project.root / "run.sh").unlink()
    git(project.root / "vendor/lib", "checkout", "--quiet", "--orphan", "elsewhere")
    git(project.root, "submodule", "--quiet", "deinit", "--force", "vendor/lib")
    done = project.fab("deploy", "--env=dev")
    assert done.code == 0, done.err
    assert "not shipped" in done.err
    assert on_disk(current(project)) == expected


def test_names_that_break_scripts_arrive_as_they_are(project: Plain) -> None:
    for name in ODD_NAMES:
        project.write(name, f"content of {name!r}\n")
    expected = committed(project.root, project.commit())
    done = project.fab("deploy", "--env=dev")
    assert done.code == 0, done.err
    found = on_disk(current(project))
    assert found == expected
    assert set(ODD_NAMES) <= set(found)


def test_worktree_ships_what_is_on_disk_less_what_git_ignores(project: Plain) -> None:
    project.write("page.txt", "edited, not committed\n")
    project.write("new.txt", "not added\n")
    project.write("build/artefact", "ignored\n")
    project.write("vendor/lib/lib/extra.py", "X = 1\n")
    (project.root / ".gitmodules").touch()
    environment(project, DEPLOY_SOURCE="worktree", DEPLOY_ALLOW_DIRTY="yes")
    done = project.fab("deploy", "--env=dev", "--json")
    assert done.code == 0, done.err
    top = current(project)
    assert (top / "page.txt").read_text() == "edited, not committed\n"
    assert (top / "new.txt").exists() and (top / "vendor/lib/lib/extra.py").exists()
    assert not (top / "build").exists()
    assert not (top / "environments").exists()
    assert not list(top.rglob(".git"))


def test_environments_never_reach_a_host_even_when_committed(project: Plain) -> None:
    git(project.root, "add", "--force", "environments/dev.env")
    project.commit()
    project.deploy("dev")
    assert not (current(project) / "environments").exists()


def test_excluded_patterns_are_rsyncs_own(project: Plain) -> None:
    for path in ("docs/a.md", "docs/b.txt", "keep/docs.txt", "deep/er/notes.md"):
        project.write(path, "x")
    project.commit()
    environment(project, DEPLOY_EXCLUDE="/docs/ *.md")
    project.deploy("dev")
    top = current(project)
    assert (top / "keep/docs.txt").exists()
    assert not (top / "docs").exists() and not list(top.rglob("*.md"))


def test_staging_again_touches_nothing_and_repairs_what_somebody_edited(
    project: Plain, tmp_path: Path
) -> None:
    settings = environment(project)
    revision = source.resolve_revision(project.root)
    dependencies = vendored.dependencies(project.root, revision.commit)

    def stage() -> dict[str, tuple[int, int]]:
        with source.stage(settings, revision, dependencies=dependencies, cache=tmp_path / "cache") as tree:
            return {
                path: (os.lstat(tree.path / path).st_ino, os.lstat(tree.path / path).st_mtime_ns)
                for path in tree.manifest
            }

    first = stage()
    assert stage() == first
    with source.stage(settings, revision, dependencies=dependencies, cache=tmp_path / "cache") as tree:
        page, stray = tree.path / "page.txt", tree.path / "stray/file"
    page.write_text("tampered")
    stray.parent.mkdir()
    stray.write_text("stray")
    second = stage()
    assert page.read_text() == "first\n" and not stray.parent.exists()
    assert {path for path in first if first[path] != second[path]} == {"page.txt"}


def move(project: Plain, step: str) -> None:
    """One kind of change, in the work tree."""
    root = project.root
    match step:
        case "a content":
            project.write("page.txt", "second\n")
        case "a new directory with odd names":
            for name in ODD_NAMES:
                project.write(f"new/deep/{name}", name.encode("utf-8", "surrogateescape"))
        case "a mode only":
            (root / "page.txt").chmod(0o755)
        case "a file that becomes a link":
            (root / "new/deep/a b").unlink()
            (root / "new/deep/a b").symlink_to("../../page.txt")
        case "a directory that becomes a file":
            shutil.rmtree(root / "new/deep")
            project.write("new/deep", "file\n")
        case "a file that becomes a directory":
            (root / "page.txt").unlink()
            project.write("page.txt/page.txt", "inside\n")
        case "a name":
            (root / "new/deep").rename(root / "moved")
        case "a pin":
            project.lib_says("moved")
        case "nothing that ships":
            project.write("environments/other.env", "A=b\n")
            project.write("pkg/__pycache__/x.pyc", "x")
            git(root, "add", "--all", "--force")
        case "nothing":
            pass


@pytest.mark.parametrize("exclude", ["", "/moved *.md"])
def test_what_changes_between_two_commits_is_all_that_is_looked_at(project: Plain, exclude: str) -> None:
    steps = (
        "a content",
        "a new directory with odd names",
        "a mode only",
        "a file that becomes a link",
        "a directory that becomes a file",
        "a file that becomes a directory",
        "a name",
        "a pin",
        "nothing that ships",
        "nothing",
    )
    settings = environment(project, DEPLOY_EXCLUDE=exclude)
    revisions = [git(project.root, "rev-parse", "HEAD")]
    for step in steps:
        move(project, step)
        revisions.append(project.commit())
    name, before, cache = "", {}, project.root.parent / "own"
    for revision in (*revisions, revisions[0], revisions[-1]):
        dependencies = vendored.dependencies(project.root, revision)
        ships = {
            path: entry
            for path, entry in committed(project.root, revision).items()
            if not path.startswith("environments/") and not path.endswith(".pyc")
        }
        commits = Commits(project.root, revision, dependencies)
        changes = commits.since(name)
        assert (changes is None) == (not name)
        if changes is not None:
            told = {path: want and (want.mode, want.id) for path, want in changes.items()}
            assert told == dict(ships.items() - before.items()) | dict.fromkeys(before.keys() - ships.keys())
        found = source.resolve_revision(project.root, revision)
        with source.stage(settings, found, dependencies=dependencies, cache=cache) as tree:
            assert on_disk(tree.path) == ships
            assert {path: (entry.mode, entry.id) for path, entry in tree.staged.entries.items()} == ships
            modes = {stat.S_IMODE(path.lstat().st_mode) for path in tree.path.rglob("*") if path.is_dir()}
            assert modes <= {0o755}
            assert ("moved" in tree.manifest.entries) == ("moved" in ships and not exclude)
        name, before = commits.name, ships


@pytest.mark.parametrize("gone", ["the commit", "the submodule"])
def test_a_former_tree_that_git_cannot_compare_with_is_no_obstacle(project: Plain, gone: str) -> None:
    first = git(project.root, "rev-parse", "HEAD")
    project.write("page.txt", "short-lived\n")
    left_behind = project.commit()
    project.deploy("dev")
    name = Commits(project.root, left_behind, vendored.dependencies(project.root, left_behind)).name
    if gone == "the commit":
        git(project.root, "reset", "--quiet", "--hard", first)
        git(project.root, "reflog", "expire", "--expire=now", "--all")
        git(project.root, "gc", "--quiet", "--prune=now")
        assert not git_knows(project.root, left_behind)
    else:
        git(project.root, "rm", "--quiet", "-r", "vendor/lib")
        project.write("vendor/lib/file", "no submodule any more\n")
        project.write("postinstall", "#!/bin/sh\n", 0o755)
    revision = project.commit()
    assert Commits(project.root, revision, vendored.dependencies(project.root, revision)).since(name) is None
    project.deploy("dev")
    assert on_disk(current(project)) == committed(project.root, revision)


def git_knows(root: Path, commit: str) -> bool:
    return subprocess.run(["git", "cat-file", "-e", commit], cwd=root, capture_output=True).returncode == 0


def test_a_cache_left_by_a_killed_run_is_repaired(project: Plain, tmp_path: Path) -> None:
    settings = environment(project)
    revision = source.resolve_revision(project.root)
    dependencies = vendored.dependencies(project.root, revision.commit)
    with source.stage(settings, revision, dependencies=dependencies, cache=tmp_path / "cache") as tree:
        memory = tree.path.parent / "left.json"
    memory.write_text('{"page.txt": [')
    (tree.path / "page.txt").write_text("half")
    with source.stage(settings, revision, dependencies=dependencies, cache=tmp_path / "cache") as again:
        assert (again.path / "page.txt").read_text() == "first\n"


def test_a_remembered_answer_of_git_that_was_damaged_is_asked_again(project: Plain, tmp_path: Path) -> None:
    expected = committed(project.root, "HEAD")
    for turn, damage in enumerate((None, lambda data: data[:-20], lambda data: b"", lambda data: b"0\n")):
        for answer in (tmp_path / "cache").rglob("commits/*") if damage else ():
            answer.write_bytes(damage(answer.read_bytes()))
        for memory in (tmp_path / "cache").rglob("left.json"):
            memory.unlink()
        done = project.fab("deploy", "--env=dev", XDG_CACHE_HOME=str(tmp_path / "cache"))
        assert done.code == 0, (turn, done.err)
        assert on_disk(current(project)) == expected


def test_git_replace_ships_nothing_else_than_the_commit(project: Plain) -> None:
    expected = committed(project.root, project.commit())
    head = git(project.root, "rev-parse", "HEAD")
    project.write("page.txt", "replaced\n")
    git(project.root, "replace", head, project.commit())
    git(project.root, "reset", "--quiet", "--soft", head)
    for _ in range(2):
        done = project.fab("deploy", "--env=dev", f"--revision={head}")
        assert done.code == 0, done.err
        assert on_disk(current(project)) == expected


def test_trouble_with_what_is_not_shipped_is_said_and_changes_no_outcome() -> None:
    def breaks() -> tuple[str, ...]:
        raise OSError("no git here")

    passed, notes = build.Passed(Future(), Future(), breaks), list[str]()
    with build.looking_behind(passed, notes.append):
        pass
    assert notes == ["what is not shipped is not known: OSError: no git here"]
