"""What is read of a tree's requirements, and what is refused with its line and the cure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.packages import requirements
from tests.install.host import UV, write

UV_PROJECT = """\
[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["inhouse", "idna==3.10"]

[tool.uv.sources]
inhouse = { path = "vendor/inhouse", editable = true }
"""
UV_LOCK_WITH_GIT = """\
version = 1
requires-python = ">=3.10"

[[package]]
name = "app"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "core" }]

[[package]]
name = "core"
version = "1"
source = { git = "ssh://git@git.example.com/core#0123456789012345678901234567890123456789" }
"""


@pytest.mark.parametrize(
    ("line", "extras"),
    [
        ("./vendor/inhouse", ""),
        ("vendor/inhouse/", ""),
        ("-e vendor/inhouse", ""),
        ("-e ./vendor/inhouse[fast]", "[fast]"),
        ("--editable=./vendor/inhouse", ""),
        ("inhouse @ file:./vendor/inhouse", ""),
        ("file:vendor/inhouse#egg=inhouse", ""),
        ("inhouse[fast] @ file:///home/ada/app/vendor/inhouse", "[fast]"),
        ("./vendor/inhouse ; python_version > '3'", ""),
        ("./vendor/inhouse # ours", ""),
    ],
)
def test_a_line_that_names_a_vendored_package_gives_way_to_its_wheel(
    tree: Path, line: str, extras: str
) -> None:
    write(tree / "requirements.txt", f"# ours\nidna\n{line}\n")
    found = requirements.read(tree, ())
    assert (found.text, found.vendored) == ("# ours\nidna\n", {"vendor/inhouse": "requirements.txt:3"})
    assert found.extras == ({"vendor/inhouse": extras} if extras else {})


@pytest.mark.parametrize(
    "line",
    [
        "git+ssh://git@git.example.com/inhouse.git",
        "-e git+https://git.example.com/inhouse@v1#egg=inhouse",
        "inhouse @ git+ssh://git@git.example.com/inhouse",
        "inhouse@git+https://git.example.com/inhouse.git@main",
        "hg+http://hg.example.com/inhouse",
        "-e git@git.example.com:inhouse.git",
        "--editable=git+file:///srv/git/inhouse",
    ],
)
def test_a_repository_is_refused_with_the_line_and_the_cure(tree: Path, line: str) -> None:
    write(tree / "requirements.txt", f"idna \\\n  --hash=sha256:00\n{line}\n")
    with pytest.raises(
        UsageError, match=r"requirements\.txt:3: points at a repository.*vendor it: `inv vendor\.add URL`"
    ):
        requirements.read(tree, ())


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        ".",
        ".[dev]",
        "./libs/other",
        "/srv/other",
        "../other",
        "file:///srv/other",
        "-f ./wheels",
        "-e libs/other",
    ],
)
def test_a_path_that_is_not_vendored_is_refused(tree: Path, line: str) -> None:
    write(tree / "requirements.txt", f"{line}\n")
    with pytest.raises(UsageError, match=r"requirements\.txt:1: names a path"):
        requirements.read(tree, ())


@pytest.mark.parametrize(
    "line",
    [
        "django>=4.2,<5 ; python_version >= '3.10'",
        "idna==3.10 \\\n    --hash=sha256:00",
        "--index-url https://user:word@host/simple",
        "-f https://host/wheels",
        "vendor-tools==1",
        "git-python-like==3",
        "archive @ https://host/archive-1.0.zip",
    ],
)
def test_everything_else_is_left_as_it_is(tree: Path, line: str) -> None:
    write(tree / "requirements.txt", f"{line}\n")
    assert requirements.read(tree, ()).text == f"{line}\n"


def test_included_files_and_constraints_are_read_where_they_are(tree: Path) -> None:
    write(tree / "requirements/prod.txt", "-r base.txt\n-c limits.txt\ngunicorn\n")
    write(tree / "requirements/base.txt", "./vendor/inhouse\nidna\n")
    write(tree / "requirements/limits.txt", "idna<4\n")
    write(tree / "more.txt", "six\n")
    found = requirements.read(tree, ("requirements/prod.txt", "more.txt"))
    assert (found.lines, found.constraints) == (["idna", "gunicorn", "six"], ["idna<4"])
    assert found.vendored == {"vendor/inhouse": "requirements/base.txt:1"}


@pytest.mark.parametrize("name", ["missing.txt", "../outside.txt"])
def test_a_file_that_does_not_ship_is_refused(tree: Path, name: str) -> None:
    write(tree.parent / "outside.txt", "")
    with pytest.raises(UsageError, match=f"{name}: required, but not in the revision"):
        requirements.read(tree, (name,))


def test_a_lock_of_uv_is_read_with_its_hashes_and_its_path_source_gives_way(tree: Path) -> None:
    write(tree / "pyproject.toml", UV_PROJECT)
    write(
        tree / "vendor/inhouse/pyproject.toml",
        "[project]\nname = 'inhouse'\nversion = '1'\ndependencies = ['six==1.17.0']\n",
    )
    subprocess.run([UV, "lock", "--quiet"], cwd=tree, check=True)
    write(tree / "requirements.txt", "never-read\n")
    found = requirements.read(tree, ())
    assert [line.split()[0] for line in found.lines] == ["idna==3.10", "six==1.17.0"]
    assert ("--hash=sha256:" in found.text, list(found.vendored)) == (True, ["vendor/inhouse"])


def test_without_a_lock_the_dependencies_of_the_project_are_taken_and_path_sources_give_way(
    tree: Path,
) -> None:
    write(
        tree / "pyproject.toml",
        UV_PROJECT.replace('"inhouse"', '"In.House[fast]>=1"').replace("inhouse =", "in-house ="),
    )
    found = requirements.read(tree, ())
    assert (found.lines, list(found.vendored)) == (["idna==3.10"], ["vendor/inhouse"])
    assert found.extras == {"vendor/inhouse": "[fast]"}


def test_a_path_source_below_another_directory_is_read_from_there(tree: Path) -> None:
    write(tree / "backend/pyproject.toml", UV_PROJECT.replace('"vendor/inhouse"', '"../vendor/inhouse"'))
    found = requirements.read(tree, ("backend/pyproject.toml",))
    assert (found.lines, list(found.vendored)) == (["idna==3.10"], ["vendor/inhouse"])


def test_a_file_in_another_encoding_is_refused(tree: Path) -> None:
    (tree / "requirements.txt").write_bytes("idna\n".encode("utf-16"))
    with pytest.raises(UsageError, match=r"requirements\.txt: is not UTF-8; save it as UTF-8"):
        requirements.read(tree, ())


def test_a_git_source_of_the_project_is_refused(tree: Path) -> None:
    write(
        tree / "pyproject.toml",
        UV_PROJECT.replace('path = "vendor/inhouse", editable = true', 'git = "ssh://g/inhouse"'),
    )
    with pytest.raises(
        UsageError, match=r"pyproject\.toml: \[tool\.uv\.sources\] inhouse points at a repository"
    ):
        requirements.read(tree, ())


def test_a_repository_in_a_lock_of_uv_is_refused_with_its_line(tree: Path) -> None:
    write(tree / "pyproject.toml", UV_PROJECT)
    write(tree / "uv.lock", UV_LOCK_WITH_GIT)
    with pytest.raises(UsageError, match=r"uv\.lock:11: points at a repository"):
        requirements.read(tree, ())


def test_a_repository_in_the_dependencies_of_the_project_is_refused_with_its_line(tree: Path) -> None:
    write(tree / "pyproject.toml", UV_PROJECT.replace("idna==3.10", "core @ git+ssh://git@host/core"))
    with pytest.raises(UsageError, match=r"pyproject\.toml:5: points at a repository"):
        requirements.read(tree, ())


def test_a_lock_of_another_tool_alone_is_refused(tree: Path) -> None:
    write(tree / "poetry.lock", "")
    with pytest.raises(UsageError, match=r"poetry\.lock: is not read here; export it"):
        requirements.read(tree, ())


def test_a_path_that_is_written_from_its_files_directory_is_understood(tree: Path) -> None:
    write(tree / "backend/requirements.txt", "-e ../vendor/inhouse\n")
    found = requirements.read(tree, ("backend/requirements.txt",))
    assert found.vendored == {"vendor/inhouse": "backend/requirements.txt:1"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [("", True), ("# idna\n--require-hashes\n-i https://host/\n\n", True), ("idna # ours\n", False)],
)
def test_a_text_that_asks_for_nothing_is_known(text: str, answer: bool) -> None:
    assert requirements.is_empty(text) is answer


def test_a_file_that_includes_itself_is_refused(tree: Path) -> None:
    write(tree / "requirements.txt", "-r more.txt\n")
    write(tree / "more.txt", "idna\n-r requirements.txt\n")
    with pytest.raises(UsageError, match=r"more\.txt:2: includes itself"):
        requirements.read(tree, ())
