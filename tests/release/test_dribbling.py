"""HTTP that dribbles, or never ends: a deadline is for the whole exchange, and sizes are bounded."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from deploytasks.commands.changing.webhook import post
from deploytasks.remote.agent.state import State
from deploytasks.remote.exchange import MOST, get, place_of
from deploytasks.remote.failure import Failure
from deploytasks.remote.release.health import verify
from deploytasks.remote.services.service import Service
from tests.dribbler import HEAD, PARTS, dribbler, flood
from tests.release.project import Plain

BEFORE_THE_BODY = ["a status line", "headers", "100 Continue"]


@pytest.mark.parametrize("kind", PARTS)
def test_the_health_question_does_not_outlast_its_deadline(kind: str) -> None:
    with dribbler(kind) as url, pytest.raises(Failure, match=r"no answer \(timed out\) after 0\.5 s"):
        verify(State(), url, timeout=0.5)


@pytest.mark.parametrize("kind", BEFORE_THE_BODY)
def test_the_http_service_does_not_outlast_its_deadline(kind: str) -> None:
    with dribbler(kind) as url:
        answer = Service("WEB_URL", url, False, "/", "/", False).ask(0.5)
    assert (answer.kind, answer.text) == ("transient", "no answer")


@pytest.mark.parametrize("kind", BEFORE_THE_BODY)
def test_a_notification_does_not_outlast_its_deadline(kind: str) -> None:
    with dribbler(kind) as url, pytest.raises(TimeoutError):
        post(url, b"{}", 0.5)


def test_what_is_read_of_an_endless_body_is_bounded() -> None:
    with flood(HEAD + b"\r\n", b"a" * 65536) as url:
        assert get(url, 30) == (200, b"a" * MOST)
        post(url, b"{}", 30)


@pytest.mark.parametrize("status", [b"301", b"302", b"303"])
def test_redirects_without_end_are_no_answer(status: bytes) -> None:
    with flood(b"HTTP/1.1 " + status + b" Over there\r\nLocation: /\r\n\r\n", b"a" * 65536) as url:
        with pytest.raises(Failure, match=f"answered {status.decode()}"):
            verify(State(), url, timeout=0.5)
        assert Service("WEB_URL", url, False, "/", "/", False).ask(5).text == f"answered {status.decode()}"
        with pytest.raises(OSError, match="infinite loop"):
            post(url, b"{}", 30)


def test_headers_without_end_are_no_answer() -> None:
    with flood(HEAD, b"X-More: yes\r\n" * 1000) as url:
        with pytest.raises(Failure, match="no HTTP answer"):
            verify(State(), url, timeout=0.5)
        assert "no HTTP answer" in Service("WEB_URL", url, False, "/", "/", False).ask(5).text


@pytest.mark.parametrize("scheme", ["redis", "mysql", "postgres"])
def test_a_service_that_never_stops_talking_is_not_ready(scheme: str) -> None:
    with flood(b"", b"\xff" * 65536) as url:
        place = urlsplit(url).netloc
        answer = Service("URL", f"{scheme}://u:p@{place}/1", False, "/", "/", False).ask(5)
    assert answer.code == 75


def test_a_notification_that_fails_is_a_note(local: Plain) -> None:
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev"}
    with flood(b"NOT HTTP\r\n", b"a") as url:
        local.environment("dev", DEPLOY_NOTIFY=url, **keys)
        done = local.fab("deploy", "--env=dev")
    assert done.code == 0, done.err
    assert "DEPLOY_NOTIFY failed (BadStatusLine); try it by hand" in done.err


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://[::1]/health", ("::1", 80)),
        ("https://[2001:db8::7]", ("2001:db8::7", 443)),
        ("http://u:p@localhost:8000/", ("localhost", 8000)),
    ],
)
def test_the_host_and_port_of_a_url_are_those_it_names(url: str, place: tuple[str, int]) -> None:
    assert place_of(urlsplit(url)) == place
