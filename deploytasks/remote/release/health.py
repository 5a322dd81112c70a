"""The health question, asked from the host itself."""

from __future__ import annotations

import http.client
import time
import urllib.parse

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
SNIPPET = 65536


def verify(
    state: State, url: str, timeout: float = 30.0, host_header: str | None = None, expect: str | None = None
) -> dict[str, Any]:
    """Ask `url` until it answers 2xx (and contains `expect`) within `timeout` seconds; Failure with the last answer."""
    deadline = time.monotonic() + timeout
    attempt = 0
    while True:
        last = ask(url, min(10.0, max(0.2, deadline - time.monotonic())), host_header, expect)
        if last is None:
            return {"attempts": attempt + 1}
        pause = PAUSES[min(attempt, len(PAUSES) - 1)]
        state.go_on()
        if time.monotonic() + pause >= deadline:
            raise Failure(
                "%s: %s after %g s; see the application's log on this host" % (url, last, timeout),
                "unhealthy",
            )
        time.sleep(pause)
        attempt += 1


def ask(url: str, timeout: float, host_header: str | None, expect: str | None) -> str | None:
    """None when the answer is good, else what was wrong with it."""
    parts = urllib.parse.urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(
            "GET",
            path,
            headers={"User-Agent": "deploytasks", **({"Host": host_header} if host_header else {})},
        )
        response = connection.getresponse()
        body = response.read(SNIPPET).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return "no answer (%s)" % (getattr(error, "strerror", None) or error or type(error).__name__)
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        return "answered %d" % response.status
    return None if expect is None or expect in body else "answered %d without %r" % (response.status, expect)
