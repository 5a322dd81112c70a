"""The project that the tests of vendored dependencies spoil, and a private server that wants a password."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.release.project import Plain, make_plain


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plain:
    """vendor/lib with vendor/deep of its own, and an environment on this machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = make_plain(tmp_path)
    made.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_VENDOR_INSTALL="path")
    return made


class Private(BaseHTTPRequestHandler):
    """Answers everybody that a name and a password are missing."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def private_url() -> Iterator[str]:
    """Of a repository on a server that wants a password."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Private) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/lib.git"
        server.shutdown()
        thread.join()
