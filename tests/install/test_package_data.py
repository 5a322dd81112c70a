"""A wheel of a vendored package holds the data files that git tracks, or it is said which of them it lacks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from deploytasks.packages import build
from tests.install.host import Host, environment, package, staged, write

BACKENDS = {
    "setuptools-scm": """\
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "inhouse"
dynamic = ["version"]
[tool.setuptools_scm]
""",
    "setuptools-git": """\
[build-system]
requires = ["setuptools", "setuptools-git"]
build-backend = "setuptools.build_meta"
[project]
name = "inhouse"
version = "1.2"
""",
    "pbr": """\
[build-system]
requires = ["setuptools", "pbr"]
build-backend = "pbr.build"
""",
    "hatch-vcs": """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"
[project]
name = "inhouse"
dynamic = ["version"]
[tool.hatch.version]
source = "vcs"
""",
    "setuptools-git-versioning": """\
[build-system]
requires = ["setuptools", "setuptools-git-versioning"]
build-backend = "setuptools.build_meta"
[project]
name = "inhouse"
dynamic = ["version"]
[tool.setuptools-git-versioning]
enabled = true
[tool.setuptools.package-data]
inhouse = ["templates/*"]
""",
    "flit": """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "inhouse"
version = "1.2"
description = "In-house"
""",
}


def inhouse(tree: Path, backend: str) -> None:
    """vendor/inhouse with a template that no metadata names."""
    place = tree / "vendor/inhouse"
    write(place / "pyproject.toml", BACKENDS[backend])
    write(place / "inhouse/__init__.py", '"""In-house."""\n')
    write(place / "inhouse/templates/page.html", "<p>\n")
    if backend == "pbr":
        write(place / "setup.cfg", "[metadata]\nname = inhouse\n[files]\npackages =\n    inhouse\n")
        write(place / "setup.py", "from setuptools import setup\nsetup(pbr=True)\n")


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_backend_finds_through_git_is_in_the_wheel(tree: Path, uv_host: Host, backend: str) -> None:
    inhouse(tree, backend)
    bundle = build(
        staged(tree, {"vendor/inhouse": "v1.2"}), environment(tree), facts=dict, cache=uv_host.cache
    )
    (wheel,) = bundle.path.glob("wheels/*.whl")
    assert wheel.name.startswith("inhouse-1.2-")
    with zipfile.ZipFile(wheel) as archive:
        assert "inhouse/templates/page.html" in archive.namelist()
    assert bundle.lines == ()


def test_what_git_is_told_of_files_changes_no_wheel(
    tree: Path, uv_host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere/index"))
    inhouse(tree, "setuptools-scm")
    write(tree / "vendor/inhouse/.gitignore", "*.html\n")
    write(tree / "vendor/inhouse/.gitattributes", "*.html filter=nowhere\n* text eol=crlf\n")
    (wheel,) = uv_host.bundle(tree).path.glob("wheels/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("inhouse/templates/page.html") == b"<p>\n"


LACKING = (
    "vendor/inhouse: its wheel lacks {what} beside its modules; declare them as package data, "
    "or set DEPLOY_VENDOR_INSTALL=path"
)


@pytest.mark.parametrize(
    ("paths", "what"),
    [
        pytest.param(["templates/a.html"], "inhouse/templates/a.html", id="a template"),
        pytest.param(["sub/other.py"], "inhouse/sub/other.py", id="a package without __init__.py"),
        pytest.param(["page.txt", "locale/de.mo"], "inhouse/locale/de.mo, inhouse/page.txt", id="two"),
        pytest.param(
            [f"static/{number}.css" for number in range(9)],
            "inhouse/static/0.css, inhouse/static/1.css, inhouse/static/2.css and 6 more",
            id="many",
        ),
        pytest.param(
            ["tests/data.json", "fast.pyx", ".hidden", "__pycache__/x.pyc"], "", id="nothing that matters"
        ),
    ],
)
def test_what_a_wheel_lacks_of_its_source_is_named(
    tree: Path, uv_host: Host, paths: list[str], what: str
) -> None:
    place = package(tree, "inhouse")
    text = (place / "pyproject.toml").read_text()
    write(
        place / "pyproject.toml",
        f'{text}\n[tool.setuptools]\npackages = ["inhouse"]\npackage-dir = {{"" = "src"}}\n'
        "include-package-data = false\n",
    )
    for path in paths:
        write(place / "src/inhouse" / path, "x")
    assert uv_host.bundle(tree).lines == ((LACKING.format(what=what),) if what else ())
