"""tcp://, http:// and URLs that cannot be read."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import threading

import pytest

from deploytasks.remote.services.wait import Board
from tests.readiness.conftest import Probe, listener, said
from tests.rig import free_port
from tests.servers import Redis


def test_tcp_only_connects_and_http_wants_2xx(probe: Probe) -> None:
    with listener(None) as port:
        assert probe.wait(f"tcp://127.0.0.1:{port}") == (0, "ready")
    assert probe.wait(f"tcp://127.0.0.1:{free_port()}", timeout=1)[0] == 75
    with listener(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        assert probe.wait(f"http://127.0.0.1:{port}/health") == (0, "ready")
    with listener(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as port:
        assert probe.wait(f"http://127.0.0.1:{port}/health", timeout=1)[0] == 75


@pytest.mark.parametrize("url", ["postgres://u:p@[::1", "mysql://u:p@h:notaport/x"])
def test_a_url_that_cannot_be_read_is_misconfigured_without_being_shown(probe: Probe, url: str) -> None:
    code, text = probe.wait(url, timeout=5)
    assert code == 78 and "u:p" not in text


def test_redis_that_is_loading_a_large_dump_is_waited_for(probe: Probe, redis: Redis) -> None:
    """Redis is told to linger over each key, until the probe has seen it load."""
    redis.start("--enable-debug-command", "yes")
    redis.cli("DEBUG", "POPULATE", "200000")
    redis.cli("SAVE")
    redis.stop()
    redis.start("--loading-process-events-interval-bytes", "1024", "--key-load-delay", "200")
    process = probe.start(redis.url, timeout=60)
    said(process, "LOADING")
    redis.cli("CONFIG", "SET", "key-load-delay", "0")
    assert probe.end(process) == (0, "ready")


def occupy(redis: Redis, count: int) -> list[socket.socket]:
    """`count` clients that the server has let in; one that it refused tries again."""
    held: list[socket.socket] = []
    while len(held) < count:
        client = socket.create_connection(("127.0.0.1", redis.port))
        client.sendall(b"PING\r\n")
        if b"max number of clients" in client.recv(100):
            client.close()
        else:
            held.append(client)
    return held


def test_redis_without_a_free_client_is_waited_for(probe: Probe, redis: Redis) -> None:
    redis.start("--maxclients", "4")
    held = occupy(redis, 4)
    process = probe.start(redis.url)
    said(process, "max number of clients")
    for client in held:
        client.close()
    assert probe.end(process) == (0, "ready")


def test_a_redis_replica_is_ready_for_readers(probe: Probe, redis: Redis) -> None:
    redis.start("--replicaof", "127.0.0.1", str(free_port()))
    assert probe.wait(redis.url, timeout=10)[0] == 0


def test_http_credentials_of_the_url_are_sent(probe: Probe) -> None:
    """A server that lets in only `app:s3:cret`."""

    class Guarded(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            welcome = self.headers["Authorization"] == "Basic " + base64.b64encode(b"app:s3:cret").decode()
            self.send_response(204 if welcome else 401)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://app:s3%3Acret@127.0.0.1:{server.server_port}/health"
        assert probe.wait(url, once=True) == (0, "ready")
        assert probe.wait(url.replace("s3", "other"), once=True)[0] == 77
        server.shutdown()


def test_what_speaks_another_language_is_not_yet_and_named(probe: Probe) -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        for scheme in ("mysql", "redis"):
            code, text = probe.wait(f"{scheme}://u:p@127.0.0.1:{port}/1", timeout=1)
            assert code == 75, text


def test_services_are_waited_for_together_under_one_deadline(probe: Probe) -> None:
    services = {
        name: {"url": f"tcp://127.0.0.1:{free_port()}", "usable": False}
        for name in ("CACHE", "DATABASE_URL", "QUEUE")
    }
    process = probe.start("", services=services, timeout=2)
    out, err = process.communicate(timeout=60)
    answer = json.loads(out)
    assert answer["code"] == 75 and all(f"{name} not ready after 2 s" in answer["error"] for name in services)
    assert "CACHE: connection refused" in err and "QUEUE: connection refused" in err


def test_what_is_waited_for_is_one_line_in_the_order_of_names_less_what_is_ready() -> None:
    said: list[str] = []
    board = Board(said.append)
    board.say("QUEUE", "refused")
    board.say("CACHE", "loading")
    board.leave("CACHE")
    board.say("QUEUE", "refused again")
    assert said == ["QUEUE: refused", "CACHE: loading; QUEUE: refused", "QUEUE: refused again"]


def test_the_worst_of_several_services_speaks_for_all(probe: Probe) -> None:
    with listener(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n") as port:
        urls = {
            "A": f"tcp://127.0.0.1:{free_port()}",
            "B": "oracle://x",
            "C": f"http://u:p@127.0.0.1:{port}/",
            "D": f"tcp://127.0.0.1:{port}",
        }
        services = {name: {"url": url, "usable": False} for name, url in urls.items()}
        answer = json.loads(probe.start("", services=services, once=True).communicate(timeout=60)[0])
    assert {name: one["code"] for name, one in answer["value"].items()} == {"A": 75, "B": 78, "C": 77, "D": 0}
    assert answer["code"] == 77
