"""Environments on the host: made of wheels and requirements, immutable, one for each key."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from deploytasks.remote.failure import Failure
from deploytasks.remote.venv import collect, operations
from tests.install.host import Host, package, snapshot, write
from tests.rig import own_mounts


def test_one_changed_line_is_run_and_the_way_back_runs_no_installer(host: Host, tree: Path) -> None:
    package(tree, "inhouse", "one")
    bundle = host.bundle(tree)
    first = host.deploy(tree)
    package(tree, "inhouse", "two")
    second = host.deploy(tree)
    assert [host.run(first, "say-inhouse"), host.run(second, "say-inhouse")] == ["one", "two"]
    before = snapshot(host.root / "venvs")
    package(tree, "inhouse", "one")
    third = host.release(tree)
    arguments = host.arguments(bundle, third)
    shutil.rmtree(arguments["bundle"])
    answer = operations.install(
        host.state, **{**arguments, "python": "/nowhere/python3", "installer": "none at all"}
    )
    assert (answer["reused"], snapshot(host.root / "venvs")) == (True, before)
    assert host.run(third, "say-inhouse") == "one"
    assert host.environment_of(third) == host.environment_of(first)


def test_hashed_requirements_and_vendored_wheels_are_installed_as_one(host: Host, tree: Path) -> None:
    package(tree, "inhouse", dependencies='["idna>=3"]')
    write(
        tree / "requirements.txt",
        "-e ./vendor/inhouse\nidna==3.10 \\\n"
        "    --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n",
    )
    release = host.deploy(tree)
    assert host.run(release, "python", "-c", "import idna, inhouse; print(idna.__version__)") == "3.10"
    assert any("idna" in line for line in host.said)


def test_a_vendored_package_that_is_required_by_its_name_is_the_vendored_one(host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    write(tree / "requirements.txt", "inhouse>=1\n")
    assert host.run(host.deploy(tree), "say-inhouse") == "one"


def test_a_requirement_without_its_hash_is_not_installed(host: Host, tree: Path) -> None:
    write(tree / "requirements.txt", "idna==3.10 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(Failure, match="cannot install the requirements"):
        host.deploy(tree)
    assert os.listdir(host.root / "venvs") == []


def test_a_keyed_environment_is_read_only_shares_no_inode_and_has_no_pip(host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    write(tree / "requirements.txt", "idna==3.10\n")
    place = host.environment_of(host.deploy(tree))
    everything = [place, *(path for path in place.rglob("*") if not path.is_symlink())]
    assert [path for path in everything if path.stat().st_mode & 0o222] == []
    assert {path.stat().st_nlink for path in everything if path.is_file()} == {1}
    assert list(place.rglob("pip")) == []
    assert list(place.rglob("inhouse/__pycache__/*.pyc")) and list(place.rglob("idna/__pycache__/*.pyc"))


def test_an_installer_that_takes_longer_than_a_step_may_is_ended(host: Host, tree: Path) -> None:
    arguments = host.arguments(host.bundle(tree), host.release(tree))
    with pytest.raises(
        Failure, match=r"did not end within 0\.0001 s and was killed; raise DEPLOY_STEP_TIMEOUT"
    ):
        operations.install(host.state, **arguments, timeout=0.0001)
    assert os.listdir(host.root / "venvs") == []


def test_where_nobody_can_share_memory_everything_is_compiled_all_the_same(
    tree: Path, tmp_path: Path, cache: Path
) -> None:
    host = Host(tmp_path / "srv", cache, "pip")
    package(tree, "inhouse")
    release = host.release(tree)
    without = own_mounts("mount -t tmpfs -o ro none /dev/shm")
    host.install_alone(host.arguments(host.bundle(tree), release), *without)
    assert list(host.environment_of(release).rglob("inhouse/__pycache__/*.pyc"))


def test_the_environment_of_another_key_is_another(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    bundle, facts = uv_host.bundle(tree), uv_host.facts
    keys = {
        bundle.key({**facts, name: "other"})
        for name in ("python", "platform", "implementation", "installer", "executable")
    }
    write(tree / "requirements.txt", "idna==3.10\n")
    keys |= {
        bundle.key(facts),
        uv_host.bundle(tree).key(facts),
        uv_host.bundle(tree, wheelhouse=True).key(facts),
    }
    assert len(keys) == 8


def test_what_is_damaged_on_its_way_is_not_installed(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    arguments = uv_host.arguments(uv_host.bundle(tree), uv_host.release(tree))
    wheel = next(Path(arguments["bundle"]).glob("wheels/*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(Failure, match="is not what was shipped"):
        operations.install(uv_host.state, **arguments)


def test_an_installed_package_that_is_not_what_was_built_fails(host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    package(tree, "intruder")
    write(tree / "vendor/intruder/src/inhouse/__init__.py", "TEXT = 'another'\n")
    with pytest.raises(
        Failure, match=r"inhouse/__init__\.py of in\w+-1-py3-none-any\.whl is not what was built"
    ):
        host.deploy(tree)
    assert os.listdir(host.root / "venvs") == []


def test_a_vendored_module_that_cannot_be_imported_fails_and_says_why(uv_host: Host, tree: Path) -> None:
    write(package(tree, "inhouse") / "src/inhouse/__init__.py", "import nowhere_to_be_found\n")
    with pytest.raises(
        Failure,
        match="inhouse cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
    ):
        uv_host.deploy(tree)


def test_what_no_kept_release_uses_is_collected_and_foreign_names_are_left(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse", "one")
    first = uv_host.deploy(tree)
    write(tree / "vendor/plain/plain.py", "")
    second = uv_host.deploy(tree)
    keyed = uv_host.environment_of(first).name
    package(tree, "inhouse", "two")
    uv_host.deploy(tree)
    (uv_host.root / "venvs" / "somebody's").mkdir()
    (uv_host.root / "venvs" / ".0123456789abcdef01234567.killed.tmp").mkdir()
    collect.collect(uv_host.state, keep=[second])
    assert sorted(os.listdir(uv_host.root / "venvs")) == sorted([keyed, f"own-{second}", "somebody's"])
    assert os.listdir(uv_host.root / ".deploytasks" / "bundles") == []
