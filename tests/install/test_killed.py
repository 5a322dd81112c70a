"""An install that is killed: the next one succeeds, and nothing half-built is ever linked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploytasks.remote import install as operations
from deploytasks.remote import lock, venv
from tests.install import dying
from tests.install.host import Host, package, write

PROJECT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("moment", ["while the installer runs", *dying.MOMENTS])
def test_after_a_kill_the_next_install_succeeds_and_nothing_half_built_is_linked(
    host: Host, tree: Path, moment: str
) -> None:
    package(tree, "inhouse")
    write(tree / "requirements.txt", "idna==3.10\n")
    bundle = host.bundle(tree)
    killed = host.release(tree)
    arguments = host.arguments(bundle, killed)
    lock.release(host.state.root, host.state.token)
    words = [sys.executable, "-m", "tests.install.dying", str(host.root), moment, json.dumps(arguments)]
    done = subprocess.run(
        words, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (host.root / "releases" / killed / ".venv").is_symlink()
    host.state = host.locked("next-run", gone="killed-run")
    complete = host.facts["venvs"]
    assert complete == ([arguments["key"]] if moment == "before the release is linked to it" else [])
    release = host.release(tree)
    answer = operations.install(host.state, **{**arguments, "release": release})
    assert answer["reused"] == bool(complete)
    assert host.run(release, "say-inhouse") == "one"
    assert host.run(release, "python", "-c", "import idna; print(idna.__version__)") == "3.10"
    operations.collect(host.state, keep=[release])
    assert os.listdir(host.root / "venvs") == [arguments["key"]]


def test_an_environment_that_is_not_complete_is_made_again(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    place = uv_host.environment_of(uv_host.deploy(tree))
    place.chmod(0o755)
    (place / venv.COMPLETE).unlink()
    assert uv_host.facts["venvs"] == []
    assert uv_host.run(uv_host.deploy(tree), "say-inhouse") == "one"


def test_an_environment_whose_interpreter_is_gone_is_made_again(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    place = uv_host.environment_of(uv_host.deploy(tree))
    (place / "bin").chmod(0o755)
    (place / "bin/python").unlink()
    (place / "bin/python").symlink_to("/nowhere/python3")
    assert uv_host.facts["venvs"] == []
    assert uv_host.run(uv_host.deploy(tree), "say-inhouse") == "one"
