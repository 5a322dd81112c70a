"""`DEPLOY_WHEELHOUSE=yes`: resolved here for the host, installed there without any network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from deploytasks.errors import StepFailed, UsageError
from deploytasks.packages import build, tool_findings
from tests.install.host import Host, environment, package, staged, write

IDNA = "946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"


def for_host(host: Host, **facts: Any) -> dict[str, Any]:
    return {**host.facts, **facts}


def test_a_host_whose_only_route_is_loopback_installs_from_the_wheelhouse(host: Host, tree: Path) -> None:
    package(tree, "inhouse", dependencies='["six"]')
    package(tree, "further", dependencies='["inhouse"]')
    write(
        tree / "requirements.txt",
        "./vendor/inhouse\n./vendor/further\nidna\ncharset-normalizer\nMarkupSafe\n",
    )
    bundle = host.bundle(tree, wheelhouse=True)
    release = host.release(tree)
    loopback = 'ip link set lo up 2>/dev/null; exec "$@"'
    host.install_alone(host.arguments(bundle, release), "unshare", "--net", "sh", "-c", loopback, "sh")
    asked = "import charset_normalizer, further, idna, inhouse, markupsafe, six; print(inhouse.TEXT)"
    assert host.run(release, "python", "-c", asked) == "one"


def test_what_only_a_vendored_package_requires_is_in_the_wheelhouse_too(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse", dependencies='["six"]')
    release = uv_host.deploy(tree, wheelhouse=True)
    assert uv_host.run(release, "python", "-c", "import six, inhouse; print(inhouse.TEXT)") == "one"


def test_the_hosts_python_and_platform_are_what_is_resolved_for(tree: Path, uv_host: Host) -> None:
    write(
        tree / "requirements.txt",
        "MarkupSafe==3.0.2\nsix==1.17.0 ; python_version < '3.11' and platform_machine == 'aarch64'\n"
        "idna==3.10 ; python_version >= '3.11'\n",
    )
    other = for_host(
        uv_host,
        python="3.10.13",
        platform="linux-aarch64",
        libc=["glibc", "2.31"],
        platforms=["manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    )
    bundle = build(staged(tree), environment(tree, wheelhouse=True), facts=lambda: other, cache=uv_host.cache)
    names = sorted(path.name for path in bundle.path.glob("wheels/*.whl"))
    assert names == [
        "MarkupSafe-3.0.2-cp310-cp310-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
        "six-1.17.0-py2.py3-none-any.whl",
    ]
    assert bundle.packages["hashed"]
    found = list(tool_findings(uv_host.facts, environment(tree), bundle))
    assert any(
        "the wheelhouse is for the first host's 3.10.13 on linux-aarch64" in finding for finding in found
    )


def test_what_has_no_wheel_is_refused_by_name(tree: Path, uv_host: Host) -> None:
    write(tree / "requirements.txt", "docopt==0.6.2\n")
    with pytest.raises(StepFailed, match=r"(?s)DEPLOY_WHEELHOUSE: not every requirement has a wheel.*docopt"):
        uv_host.bundle(tree, wheelhouse=True)


def test_an_extension_that_cannot_be_built_for_the_host_is_refused_by_name(tree: Path, uv_host: Host) -> None:
    write(
        tree / "vendor/fast/setup.py",
        "from setuptools import Extension, setup\n"
        "setup(name='fast', version='1', ext_modules=[Extension('fast', ['fast.c'])])\n",
    )
    write(tree / "vendor/fast/fast.c", "")
    other = for_host(uv_host, python="3.10.13", platform="linux-aarch64")
    with pytest.raises(
        UsageError,
        match=r"vendor/fast: has C extensions and cannot be built here for the host's Python 3.10.13",
    ):
        build(staged(tree), environment(tree, wheelhouse=True), facts=lambda: other, cache=uv_host.cache)


def test_a_second_build_asks_no_index(tree: Path, uv_host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tree / "requirements.txt", "idna\n")
    first = uv_host.bundle(tree, wheelhouse=True)
    monkeypatch.setenv("PATH", "/nowhere")
    again = build(
        staged(tree),
        environment(tree, wheelhouse=True),
        facts=lambda: first.made_for or {},
        cache=uv_host.cache,
    )
    assert (again.material, again.path) == (first.material, first.path)


@pytest.mark.parametrize("line", ["idna==3.10", f"idna==3.10 --hash=sha256:{IDNA}"])
def test_where_there_is_no_uv_pip_does_it_all(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(sys, "executable", str(Path(sys.executable).resolve()))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    host = Host(tmp_path / "srv", tmp_path / "cache", "auto", sys.executable)
    package(tree, "inhouse")
    write(tree / "requirements.txt", f"./vendor/inhouse\n{line}\n")
    bundle = host.bundle(tree, wheelhouse=True)
    names = sorted(path.name for path in bundle.path.glob("wheels/*.whl"))
    assert names == ["idna-3.10-py3-none-any.whl", "inhouse-1-py3-none-any.whl"]
    other = for_host(host, python="3.9.18")
    with pytest.raises(UsageError, match=r"resolving for 3\.9\.18 on linux-x86_64 needs uv here"):
        build(staged(tree), environment(tree, wheelhouse=True), facts=lambda: other, cache=host.cache)
