"""fab keeps no bytecode of a fabfile, and ours all the same: else every run would compile all that it imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
RUN = "from fabric.main import program; program.run()"
SWITCH = "PYTHONDONTWRITEBYTECODE"


@pytest.mark.parametrize(
    ("switch", "kept"),
    [({}, True), ({SWITCH: "1"}, False)],
    ids=["by default", "unless Python is told not to"],
)
def test_bytecode_of_deploytasks_is_kept(tmp_path: Path, switch: dict[str, str], kept: bool) -> None:
    package, project = tmp_path / "installed" / "deploytasks", tmp_path / "project"
    shutil.copytree(REPOSITORY / "deploytasks", package, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "environments").mkdir(parents=True)
    (project / "environments" / "dev.env").write_text("DEPLOY_HOSTS=local:\nDEPLOY_PATH=there\n")
    shutil.copy(REPOSITORY / "examples" / "blog" / "fabfile.py", project)
    usual = {name: value for name, value in os.environ.items() if name != SWITCH}
    env = {**usual, **switch, "PYTHONPATH": str(package.parent)}
    words = [sys.executable, "-c", RUN, "env.show", "--env=dev"]
    subprocess.run(words, cwd=project, env=env, check=True, capture_output=True)
    written = {path.name.split(".")[0] for path in package.rglob("*.pyc")}
    assert ({"namespace", "release", "environment", "dotenv"} <= written) is kept
    assert bool(written) is kept
    assert [path.name for path in project.rglob("*.pyc")] == []
