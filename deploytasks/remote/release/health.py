"""The health question, asked from the host itself."""

from __future__ import annotations

import http.client
import time

from deploytasks.remote import exchange
from deploytasks.remote.failure import Failure, of_system
from deploytasks.remote.release.current import served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from deploytasks.remote.agent.state import State

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
ONE = 10.0
"""Seconds for one answer."""
BRIEF = 5.0
"""Seconds for one answer to who only wants to know."""


def verify(
    state: State,
    url: str,
    timeout: float = 30.0,
    headers: dict[str, str] | None = None,
    expect: str | None = None,
    settle: float = 0.0,
) -> dict[str, Any]:
    """Ask `url` until its answers have been good for `settle` seconds; Failure with the last one that was not.

    Good is 2xx with the text `expect`. The first of those that stay good comes within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    since, before, attempts = None, "", 0
    while True:
        left = deadline - time.monotonic() if since is None else ONE
        problem = ask(url, min(ONE, max(0.2, left)), headers, expect)
        now = time.monotonic()
        pause = PAUSES[min(attempts, len(PAUSES) - 1)]
        attempts += 1
        state.go_on()
        if problem is None:
            since = now if since is None else since
            if now - since >= settle:
                return {"attempts": attempts}
            pause = min(pause, since + settle - now)
        else:
            since, before = None, before if since is None else "answered well, then "
            if now + pause >= deadline:
                what = "%s: %s%s after %g s" % (url, before, problem, timeout)
                raise Failure("%s; see the application's log on this host" % what, "unhealthy")
        time.sleep(pause)


def now(
    state: State, urls: Sequence[str], headers: dict[str, str] | None = None, expect: str | None = None
) -> list[str]:
    """What is wrong with the answers of the release that is served, `<url>: <what>`; asked twice before it is said.

    `{release}` in `expect` stands for that release. Nothing is wrong where none is served.
    """
    release = served(state.root)
    if release is None:
        return []
    text = expect.replace("{release}", release) if expect else None
    found = []
    for url in urls:
        if ask(url, BRIEF, headers, text):
            time.sleep(PAUSES[-1])
            problem = ask(url, BRIEF, headers, text)
            found += ["%s: %s" % (url, problem)] if problem else []
    return found


def ask(
    url: str,
    seconds: float,
    headers: dict[str, str] | None = None,
    expect: str | None = None,
    over: str = "",
    good: range = range(200, 300),
) -> str | None:
    """None when the answer is good, else what is wrong with it. `over` is the path of a Unix socket to ask."""
    try:
        status, body = exchange.get(url, seconds, headers, over=over)
    except OSError as error:
        return "no answer (%s)" % (of_system(error) or type(error).__name__)
    except http.client.HTTPException as error:
        return "no HTTP answer (%s)" % (error or type(error).__name__)
    if status not in good:
        return "answered %d" % status
    if expect is None or expect in body.decode("utf-8", "replace"):
        return None
    return "answered %d without %r" % (status, expect)
