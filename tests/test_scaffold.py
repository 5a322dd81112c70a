"""A project begins with files that load as they are written."""

from __future__ import annotations

import stat
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


MANAGE = """#!/usr/bin/env python
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.prod")
from django.core.management import execute_from_command_line
"""


def test_of_a_django_project_is_written_what_can_be_known(tmp_path: Path) -> None:
    root = tmp_path / "my shop"
    (root / "shop/settings").mkdir(parents=True)
    (root / "manage.py").write_text(MANAGE)
    (root / "shop/wsgi.py").touch()
    (root / "shop/settings/base.py").write_text("STATIC_ROOT = 'static'\nMEDIA_ROOT = 'media'\n")
    (root / "environments").mkdir()
    (root / "environments/prod.local.env").write_text("SECRET_KEY=mine\n")
    done = subprocess.run([sys.executable, "-m", "deploytasks"], cwd=root, check=True, capture_output=True)
    assert b"environments/staging.local.env" in done.stdout
    environment = load_environment("staging", root=root)
    known = environment.settings
    assert (known.path, known.shared_dirs, known.migrate) == (
        "/srv/my-shop",
        ("media",),
        "python manage.py migrate --noinput",
    )
    variables = environment.revealed()
    assert variables["DJANGO_SETTINGS_MODULE"] == "shop.settings.prod" and len(variables["SECRET_KEY"]) == 64
    assert load_environment("dev", root=root).revealed()["SECRET_KEY"] != variables["SECRET_KEY"]
    assert load_environment("prod", root=root).revealed()["SECRET_KEY"] == "mine"
    assert stat.S_IMODE((root / "environments/staging.local.env").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "postinstall").stat().st_mode) & 0o111


def test_it_says_what_to_do_next(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(MANAGE)
    words = [str(Path(sys.executable).with_name("deploytasks")), "init"]
    said = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert (
        "write your hosts" in said
        and 'os.environ["SECRET_KEY"]' in said
        and "fab check --env=staging" in said
    )
    again = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert again == "nothing to write: all of it is there\n"


@pytest.mark.parametrize(
    "manage",
    [
        pytest.param("import django\n\0", id="no text"),
        pytest.param("django = (", id="a syntax error"),
        pytest.param("import django; f(DJANGO, 1)", id="no settings module"),
        pytest.param('import django; f("DJANGO_SETTINGS_MODULE", ".")', id="a settings module that is none"),
    ],
)
def test_a_manage_py_that_says_nothing_is_no_obstacle(manage: str, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(manage)
    (tmp_path / ".gitignore").write_bytes(b"caf\xe9/\n")
    assert subprocess.run([sys.executable, "-m", "deploytasks"], cwd=tmp_path).returncode == 0
    assert load_environment("prod", root=tmp_path).settings.migrate
    assert (tmp_path / ".gitignore").read_bytes().startswith(b"caf\xe9/\nenvironments/")
