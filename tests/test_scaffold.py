"""A project begins with files that load as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deploytasks.environment import load_environment


def test_what_is_scaffolded_loads_and_nothing_that_exists_is_touched(tmp_path: Path) -> None:
    (tmp_path / "fabfile.py").write_text("mine\n")
    (tmp_path / ".gitignore").write_text("*.log")
    done = subprocess.run(
        [sys.executable, "-m", "deploytasks"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "wrote environments/dev.env" in done.stdout and "fabfile" not in done.stdout
    assert (tmp_path / "fabfile.py").read_text() == "mine\n"
    assert (tmp_path / ".gitignore").read_text().splitlines() == [
        "*.log",
        "environments/*.local.env",
        ".deploy/",
    ]
    for name in ("dev", "staging", "prod"):
        assert load_environment(name, root=tmp_path).hosts
    again = subprocess.run(
        [sys.executable, "-m", "deploytasks"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert again.stdout == ""
