"""A Python with Django and three packages of many migrations."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

UV = Path(sys.executable).with_name("uv")
PACKAGES = ("django==5.2.*", "wagtail==8.0.1", "django-oscar==4.2.1", "django-cms==5.1.3")
SITE = Path(__file__).with_name("site")


@dataclass(frozen=True)
class Django:
    """An installed Django."""

    python: Path

    @property
    def packages(self) -> Path:
        (found,) = self.python.parent.parent.glob("lib/python*/site-packages")
        return found

    def run(self, directory: Path, *words: str, stdin: str = "") -> str:
        """What Python prints there."""
        done = subprocess.run(
            [self.python, "-W", "ignore", *words],
            cwd=directory,
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(directory)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def django(tmp_path_factory: pytest.TempPathFactory) -> Django:
    venv = tmp_path_factory.mktemp("django") / "venv"
    subprocess.run([UV, "venv", "-q", venv, "--python", sys.executable], check=True)
    subprocess.run([UV, "pip", "install", "-q", "--python", venv / "bin/python", *PACKAGES], check=True)
    return Django(venv / "bin/python")


@pytest.fixture
def site() -> Path:
    """A project with all of these packages."""
    return SITE
