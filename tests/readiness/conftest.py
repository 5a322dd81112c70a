from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import MariaDB, PostgreSQL, Redis

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import json, sys
from deploytasks.remote.readiness import wait
from deploytasks.remote.state import State
state = State()
state.root = sys.argv[1]
state.emit = lambda line: print(line, file=sys.stderr, flush=True)
print(json.dumps(wait(state, **json.load(sys.stdin))["__result__"]))
"""


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return f"{url.rpartition('/')[0]}/{database}"


class Probe:
    """The wait as it runs on a host, in a Python of its own. `python` names the interpreter."""

    def __init__(self, root: Path, python: str = sys.executable) -> None:
        self.root, self.python = root, python

    def start(self, url: str, **options: Any) -> subprocess.Popen[str]:
        request = {
            "services": {"DATABASE_URL": {"url": url, "usable": True}},
            "base": str(self.root),
            "timeout": 20,
            **options,
        }
        process = subprocess.Popen(
            [self.python, "-u", "-c", PROGRAM, str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(request))
        process.stdin.close()
        process.stdin = None
        return process

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """(exit code, last message)."""
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        answer = json.loads(out)
        service = answer["value"]["DATABASE_URL"]
        return answer["code"], service["text"] + service["warning"]

    def wait(self, url: str, **options: Any) -> tuple[int, str]:
        return self.end(self.start(url, **options))


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    return Probe(tmp_path)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    server = PostgreSQL(tmp_path_factory.mktemp("postgresql"))
    try:
        server.create()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    server = MariaDB(tmp_path_factory.mktemp("mariadb") / "server")
    try:
        server.create()
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "redis")
    try:
        yield server
    finally:
        server.stop()
