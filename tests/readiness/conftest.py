from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.servers import MariaDB, PgBouncer, PostgreSQL, Redis

Running = TypeVar("Running", PostgreSQL, MariaDB, Redis, PgBouncer)
ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import json, os, sys
from deploytasks.remote.services.wait import wait
from deploytasks.remote.agent.state import State
if sys.argv[2:]:
    os.setuid(int(sys.argv[2]))
state = State()
state.root = sys.argv[1]
state.emit = lambda line: print(line, file=sys.stderr, flush=True)
print(json.dumps(wait(state, **json.load(sys.stdin))["__result__"]))
"""


@contextmanager
def listener(answer: bytes | None, *, drip: bool = False) -> Iterator[int]:
    """A port that accepts and says `answer`; nothing for None. After b"" it closes. With `drip` it says it for ever."""
    ended = threading.Event()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        held = []

        def serve() -> None:
            while True:
                try:
                    client = server.accept()[0]
                except OSError:
                    return
                held.append(client)
                if answer == b"":
                    client.close()
                elif answer is not None:
                    threading.Thread(target=talk, args=[client], daemon=True).start()

        def talk(client: socket.socket) -> None:
            try:
                client.sendall(answer or b"")
                while drip and not ended.wait(0.2):
                    client.sendall(answer or b"")
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            for client in held:
                client.close()


def said(process: subprocess.Popen[str], text: str) -> None:
    """Return when the probe has said `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the probe ended without saying {text!r}")


@contextmanager
def full(words: list[str]) -> Iterator[None]:
    """Every slot of a server held by clients that say something when they are in: until three in a row were refused."""
    clients: list[subprocess.Popen[bytes]] = []
    refused = 0
    try:
        while refused < 3:
            client = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            clients.append(client)
            assert client.stdout is not None
            refused = 0 if client.stdout.readline() else refused + 1
        yield
    finally:
        for client in clients:
            client.kill()
            client.communicate()


def certificate(directory: Path) -> tuple[Path, Path]:
    """A key, and the certificate for 127.0.0.1 that it has signed itself."""
    key, shown = directory / "key.pem", directory / "certificate.pem"
    asked = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(
        ["openssl", "req", "-x509", *asked, "-keyout", key, "-out", shown], check=True, capture_output=True
    )
    return key, shown


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return f"{url.rpartition('/')[0]}/{database}"


class Probe:
    """The wait as it runs on a host, in a Python of its own: `python`, as the user `uid`."""

    def __init__(self, root: Path, python: str, uid: int | None = None) -> None:
        self.root, self.python, self.uid = root, python, uid

    def start(self, url: str, **options: Any) -> subprocess.Popen[str]:
        request = {
            "services": {"DATABASE_URL": {"url": url, "usable": True}},
            "base": str(self.root),
            "timeout": 20,
            **options,
        }
        words = [self.root, *([] if self.uid is None else [self.uid])]
        process = subprocess.Popen(
            [self.python, "-u", "-S", "-X", "utf8", "-c", PROGRAM, *map(str, words)],
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
def probe(tmp_path: Path, request: pytest.FixtureRequest) -> Probe:
    """On a host that serves a release: what may be for ever is not waited for there."""
    (tmp_path / "releases/20260101000000-abcdefa").mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/20260101000000-abcdefa")
    return Probe(tmp_path, request.config.getoption("--probe-python"))


@contextmanager
def stopped_at_the_end(server: Running) -> Iterator[Running]:
    """The server; it does not outlive the block."""
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A directory of its own for servers: pytest shuts its own directories to other users whenever a run begins."""
    with tempfile.TemporaryDirectory(prefix="readiness-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def postgresql(ground: Path) -> Iterator[PostgreSQL]:
    with stopped_at_the_end(PostgreSQL(ground / "postgresql")) as server:
        server.create()
        yield server


@pytest.fixture(scope="module")
def mariadb(ground: Path) -> Iterator[MariaDB]:
    with stopped_at_the_end(MariaDB(ground / "mariadb")) as server:
        server.create()
        yield server


@pytest.fixture
def redis(ground: Path) -> Iterator[Redis]:
    directory = Path(tempfile.mkdtemp(dir=ground))
    with stopped_at_the_end(Redis(directory)) as server:
        yield server
