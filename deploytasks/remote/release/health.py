"""The health question, asked from the host itself."""

import http.client
import ssl
import time
import urllib.parse

from deploytasks.remote.failure import Failure

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
SNIPPET = 65536


def verify(state, url, timeout=30.0, host_header=None, expect=None):
    """Ask `url` until it answers 2xx (and contains `expect`) within `timeout` seconds; Failure with the last answer."""
    deadline = time.monotonic() + timeout
    attempt, last = 0, "no answer"
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


def ask(url, timeout, host_header, expect):
    """None when the answer is good, else what was wrong with it."""
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    options = {"context": ssl.create_default_context()} if secure else {}
    connection = connect(parts.hostname, parts.port, timeout=timeout, **options)
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
