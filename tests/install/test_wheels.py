"""Wheels of vendored packages: from a copy, reproducibly, once for each content."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploytasks.errors import StepFailed, UsageError
from deploytasks.packages import build
from deploytasks.packages.packages import describe_of, version_and_tag
from deploytasks.remote.venv import operations
from deploytasks.source import Manifest
from tests.install.host import Host, environment, package, snapshot, staged, write

NATIVE = """\
from setuptools import Extension, setup
setup(name="fast", version="1", ext_modules=[Extension("fast", ["fast.c"])])
"""
SOURCE = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", "", -1, NULL};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""
BY_TAG = """\
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "Tagged.Package"
dynamic = ["version"]
[tool.setuptools]
py-modules = ["tagged"]
[tool.setuptools_scm]
"""


def digests(bundle: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(bundle.glob("wheels/*.whl"))
    }


def test_equal_sources_give_equal_wheels_on_another_machine_and_the_tree_stays_clean(
    tmp_path: Path, uv_host: Host
) -> None:
    made = []
    for name, umask in (("here", 0o022), ("there", 0o077)):
        before = os.umask(umask)
        try:
            tree = tmp_path / name
            package(tree, "inhouse")
            untouched = snapshot(tree)
            made.append(build(staged(tree), environment(tree), facts=dict, cache=tmp_path / f"cache-{name}"))
        finally:
            os.umask(before)
        assert snapshot(tree) == untouched
    assert digests(made[0].path) == digests(made[1].path)
    assert made[0].material == made[1].material
    assert (tmp_path / "cache-here" / "wheels").stat().st_mode & 0o077 == 0


def test_a_changed_pin_rebuilds_one_wheel_only(tmp_path: Path, tree: Path, uv_host: Host) -> None:
    cache = tmp_path / "own-cache"

    def made() -> set[str]:
        build(staged(tree), environment(tree), facts=dict, cache=cache)
        return {path.name for path in (cache / "wheels").iterdir()}

    package(tree, "inhouse")
    package(tree, "stable")
    first = made()
    package(tree, "inhouse", "two")
    second = made()
    assert (len(first), len(second - first), made()) == (2, 1, second)


def test_a_version_from_version_control_is_that_of_git_describe(tree: Path, uv_host: Host) -> None:
    write(tree / "vendor/tagged/pyproject.toml", BY_TAG)
    write(tree / "vendor/tagged/tagged.py", "")
    described = staged(tree, {"vendor/tagged": "v1.2-3-gabc1234"})
    bundle = build(described, environment(tree), facts=dict, cache=uv_host.cache)
    assert list(bundle.packages["wheels"]) == ["tagged_package-1.2.post3+gabc1234-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("describe", "version", "tag"),
    [
        ("v1.2", "1.2", "v1.2"),
        ("1.2rc1-4-g0a1b2c3", "1.2rc1.post4+g0a1b2c3", "1.2rc1.post4+g0a1b2c3"),
        ("inhouse-2.0.1", "2.0.1", "inhouse-2.0.1"),
        ("inhouse-v2.0-1-g0a1b2c3", "2.0.post1+g0a1b2c3", "inhouse-v2.0.post1+g0a1b2c3"),
        ("0a1b2c3", "0+g0a1b2c3", ""),
        ("1.0.post2-1-g0a1b2c3", "1.0.post2+g0a1b2c3", "1.0.post2+g0a1b2c3"),
        ("spring-release", "0", ""),
        ("release-1.2-alpha1", "1.2a1", "release-1.2-alpha1"),
        ("v1.2-beta.1-2-g0a1b2c3", "1.2b1.post2+g0a1b2c3", "v1.2b1.post2+g0a1b2c3"),
        ("2024.spring", "0", ""),
        ("", "0", ""),
    ],
)
def test_a_description_becomes_a_version(describe: str, version: str, tag: str) -> None:
    said = describe_of("vendor/x/packages/y", {"vendor/x": describe})
    assert version_and_tag(said) == (version, tag)


def test_a_package_deep_in_a_submodule_is_built_where_requirements_name_it(tree: Path, uv_host: Host) -> None:
    package(tree / "vendor/mono", "inner")
    write(tree / "requirements.txt", "./vendor/mono/vendor/inner\n")
    bundle = uv_host.bundle(tree)
    assert list(bundle.packages["wheels"]) == ["inner-1-py3-none-any.whl"]
    write(tree / "requirements.txt", "./vendor/missing\n")
    with pytest.raises(
        UsageError, match=r"requirements\.txt:1: vendor/missing is no directory of the revision"
    ):
        uv_host.bundle(tree)


def test_a_package_that_requires_something_of_a_repository_is_refused(tree: Path, uv_host: Host) -> None:
    package(tree, "inhouse", dependencies='["core @ git+ssh://git@git.example.com/core"]')
    with pytest.raises(UsageError, match="vendor/inhouse: requires core, which points at a repository"):
        uv_host.bundle(tree)


def test_a_build_that_fails_says_what_the_backend_said(tree: Path, uv_host: Host) -> None:
    write(
        package(tree, "inhouse") / "pyproject.toml",
        "[build-system]\nrequires = []\nbuild-backend = 'nowhere'\n[project]\n"
        "name = 'inhouse'\nversion = '1'\n",
    )
    with pytest.raises(StepFailed, match=r"(?s)vendor/inhouse: its wheel cannot be built.*nowhere"):
        uv_host.bundle(tree)


def test_extensions_come_as_a_wheel_where_it_fits_and_are_built_on_the_host_where_not(
    tree: Path, host: Host
) -> None:
    write(tree / "vendor/fast/setup.py", NATIVE)
    write(tree / "vendor/fast/fast.c", SOURCE)
    bundle = host.bundle(tree)
    assert "vendor/fast: has C extensions; built here for Python" in bundle.lines[0]
    release = host.release(tree)
    fitting = host.arguments(bundle, release)
    operations.install(host.state, **fitting)
    assert not any("built on this host" in line for line in host.said)
    native: dict[str, Any] = fitting["packages"]["native"][0]
    native["made_for"] = {**native["made_for"], "libc": ["glibc", "99.9"]}
    operations.install(host.state, **{**fitting, "key": "0" * 24})
    assert "fast has C extensions and is built on this host" in host.said
    assert host.run(release, "python", "-c", "import fast; print(fast.__name__)") == "fast"


def test_a_wheel_holds_what_was_staged(tree: Path, uv_host: Host) -> None:
    package(tree, "inhouse", "what was staged")
    wheel = next(uv_host.bundle(tree).path.glob("wheels/*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        assert b"what was staged" in archive.read("inhouse/__init__.py")


def test_two_packages_of_one_name_are_refused(tree: Path, uv_host: Host) -> None:
    package(tree, "inhouse")
    (tree / "vendor/inhouse").rename(tree / "vendor/copy")
    package(tree, "inhouse")
    with pytest.raises(UsageError, match="vendor/inhouse: has the name of the package in vendor/copy"):
        uv_host.bundle(tree)


def test_what_no_host_gets_is_still_there_for_the_build(tree: Path, uv_host: Host) -> None:
    place = package(tree, "inhouse")
    text = (place / "pyproject.toml").read_text()
    write(place / "pyproject.toml", text.replace('version = "1"', 'version = "1"\nreadme = "README.md"'))
    write(place / "README.md", "Read me\n")
    whole = staged(tree)
    entries = {path: entry for path, entry in whole.manifest.entries.items() if not path.endswith(".md")}
    shipped = replace(whole, manifest=Manifest(entries))
    built = build(shipped, environment(tree), facts=dict, cache=uv_host.cache)
    write(place / "README.md", "Read me again\n")
    again = replace(staged(tree), manifest=Manifest(entries))
    assert build(again, environment(tree), facts=dict, cache=uv_host.cache).material != built.material
