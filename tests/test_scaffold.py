"""A project begins with files that load as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploytasks.config.loading import load_environment


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


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        pytest.param("--help", 0, "usage: python -m deploytasks", id="help"),
        pytest.param("--nosuch", 2, "unrecognized arguments: --nosuch", id="an option"),
        pytest.param("init", 2, "init: is no directory; ", id="a directory that is not there"),
    ],
)
def test_what_is_no_directory_is_not_made_one(tmp_path: Path, word: str, code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploytasks", word], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code and said in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
