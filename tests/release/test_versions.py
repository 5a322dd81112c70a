"""The oldest and the newest Fabric, Invoke, Paramiko and the others that pyproject.toml allows deploy alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.project import Run
from tests.release.site import Site

REPOSITORY = Path(__file__).parent.parent.parent
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="session", params=["lowest-direct", "highest"], ids=["oldest", "newest"])
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fab` and `inv` beside the dependencies of pyproject.toml, each the oldest or the newest that it allows."""
    venv = tmp_path_factory.mktemp(f"versions-{request.param}") / "venv"
    words = ["pip", "install", f"--python={venv}", f"--resolution={request.param}", "-r", "pyproject.toml"]
    for command in (["venv", f"--python={sys.executable}", venv], words):
        subprocess.run([UV, command[0], "--quiet", *command[1:]], cwd=REPOSITORY, check=True)
    return venv / "bin"


def run(programs: Path, site: Site, program: str, *words: str) -> Run:
    """Run a program of the venv on this checkout's deploytasks, as a user would."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [programs / program, *words],
        cwd=site.project.root,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


def test_both_deploy_through_a_jump_host_and_complain_of_nothing(programs: Path, staging: Site) -> None:
    staging.configure("host3", DEPLOY_VENDOR_INSTALL="path")
    names = listed(run(programs, staging, "fab", "--list", "--list-format=json"))
    assert names == listed(run(programs, staging, "inv", "--list", "--list-format=json"))
    assert "deploy" in names
    deployed = run(programs, staging, "fab", "deploy", "--env=staging", "--json")
    assert (deployed.document["outcome"], "Warning" in deployed.err) == ("ok", False)
    staging.configure("host3", DEPLOY_SSH_CONFIG="/nowhere")
    own = f"--ssh-config={staging.farm.ssh_config}"
    printed = run(programs, staging, "fab", own, "run", "--env=staging", "cat page.txt")
    assert (printed.out.count("first"), printed.err) == (1, "")


def listed(done: Run) -> set[str]:
    return {task["name"] for task in json.loads(done.out)["tasks"]}
