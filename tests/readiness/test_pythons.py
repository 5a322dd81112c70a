"""The wait on the oldest and the newest Python that this machine has, from 3.8 on."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readiness.conftest import Probe
from tests.servers import MariaDB, PostgreSQL, Redis

REMOTE = Path(__file__).parent.parent.parent / "deploytasks/remote"
OLDEST = (3, 8)
GUARDED = "os.pidfd_open"
"""Newer, and done without where it is missing."""


@functools.lru_cache(maxsize=1)
def pythons() -> list[str]:
    """Interpreters of pyenv and of PATH that can be used, one for each version, in their order."""
    names = [f"python3.{minor}" for minor in range(OLDEST[1], 30)]
    candidates = [*(shutil.which(name) for name in names), sys.executable]
    installed = sorted((Path.home() / ".pyenv/versions").glob("3.*/bin/python3"))
    found = {version(path): path for path in (*map(str, installed), *filter(None, candidates))}
    return [found[known] for known in sorted(found) if known >= OLDEST]


def version(python: str) -> tuple[int, ...]:
    """(major, minor); () for what does not run, like a shim that leads nowhere."""
    done = subprocess.run(
        [python, "-c", "import sqlite3, ssl, sys; print(sys.version_info[:2])"], capture_output=True
    )
    return tuple(map(int, re.findall(rb"\d+", done.stdout)))


@pytest.mark.parametrize("which", [0, -1], ids=["oldest", "newest"])
def test_every_kind_of_service_is_found_ready_by_the_oldest_and_the_newest_python(
    probe: Probe, postgresql: PostgreSQL, mariadb: MariaDB, redis: Redis, tmp_path: Path, which: int
) -> None:
    redis.start()
    urls = {"DATABASE_URL": postgresql.url, "MARIADB": mariadb.url, "REDIS": redis.url}
    urls["SQLITE"] = f"sqlite:///{tmp_path}/db.sqlite3"
    services = {name: {"url": url, "usable": True} for name, url in urls.items()}
    probe.python = pythons()[which]
    assert probe.end(probe.start("", services=services, migrates=True, created=True)) == (0, "ready")


def test_what_is_sent_to_hosts_needs_no_newer_python_than_3_8() -> None:
    """By its syntax and every name of the standard library, whether or not this machine has a Python 3.8."""
    vermin = [Path(sys.executable).parent / "vermin", "--target=3.8-", "--violations", "--no-tips"]
    done = subprocess.run([*vermin, "--exclude", GUARDED, REMOTE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
