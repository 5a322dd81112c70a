"""SQLite: files that are there, missing, locked, rubbish or out of reach."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.readiness.conftest import Probe, said


def test_sqlite_that_exists_is_ready_and_a_missing_one_when_something_creates_it(
    probe: Probe, tmp_path: Path
) -> None:
    place = tmp_path / "db.sqlite3"
    assert probe.wait(f"sqlite:///{place}", created=True) == (0, "ready")
    assert not place.exists()
    assert probe.wait(f"sqlite:///{place}", created=False)[0] == 78
    sqlite3.connect(place).execute("CREATE TABLE t (x)")
    assert probe.wait(f"sqlite:///{place}", created=False) == (0, "ready")


def test_sqlite_in_a_missing_directory_or_in_a_release_is_misconfigured(probe: Probe, tmp_path: Path) -> None:
    code, text = probe.wait(f"sqlite:///{tmp_path}/no/db.sqlite3", created=True)
    assert code == 78 and "does not exist" in text
    base = str(tmp_path / "current")
    code, text = probe.wait("sqlite:///db.sqlite3", created=True, base=base)
    assert code == 78 and "inside a release" in text


def test_sqlite_that_is_rubbish_is_misconfigured_and_one_that_is_locked_is_waited_for(
    probe: Probe, tmp_path: Path
) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(os.urandom(4096))
    code, text = probe.wait(f"sqlite:///{rubbish}")
    assert code == 78 and "not a database" in text
    place = tmp_path / "db.sqlite3"
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    process = probe.start(f"sqlite:///{place}")
    said(process, "locked")
    holder.execute("ROLLBACK")
    assert probe.end(process) == (0, "ready")


NOBODY = 65534


@pytest.fixture
def stranger(ground: Path, probe: Probe) -> Probe:
    """The probe as a user who owns nothing: for root no file is read-only."""
    return Probe(ground, probe.python, NOBODY if os.geteuid() == 0 else None)


def test_sqlite_that_is_not_writable_is_misconfigured(stranger: Probe, ground: Path) -> None:
    directory = ground / "shared"
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)
    place = directory / "db.sqlite3"
    sqlite3.connect(place).execute("CREATE TABLE t (x)")
    place.chmod(0o444)
    code, text = stranger.wait(f"sqlite:///{place}")
    assert code == 78 and f"{place} is not writable" in text
    place.chmod(0o666)
    assert stranger.wait(f"sqlite:///{place}") == (0, "ready")
    directory.chmod(0o555)
    code, text = stranger.wait(f"sqlite:///{place}")
    assert code == 78 and f"directory {directory} is not writable" in text
    directory.chmod(0o755)
