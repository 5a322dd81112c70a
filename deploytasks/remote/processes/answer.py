"""A listening process, asked over its own socket."""

from __future__ import annotations

import os
import time

from deploytasks.remote.failure import Failure
from deploytasks.remote.processes import systemd
from deploytasks.remote.release import health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.agent.state import State

PAUSE = 0.1


QUESTION = {"url": str, "timeout": float, "headers": {str: str}, "expect": (str, None), "any_below_500": bool}


class Question:
    """What is asked, and which answer is a good one."""

    def __init__(
        self, url: str, timeout: float, headers: dict[str, str], expect: str | None, any_below_500: bool
    ) -> None:
        self.url, self.timeout, self.headers, self.expect = url, timeout, headers, expect
        self.any_below_500 = any_below_500

    def ask(self, place: str, seconds: float) -> str | None:
        """None when the answer over the socket at `place` is good, else what is wrong with it."""
        good = range(200, 500) if self.any_below_500 else range(200, 300)
        return health.ask(self.url, seconds, self.headers, self.expect, place, good)


def await_answer(
    state: State, unit: str, directory: str, process: str, question: Question, restarts: int
) -> None:
    """Return when the process answers well. Failure when it dies, or does not within the time.

    It had been started again `restarts` times before.
    """
    ends = time.monotonic() + question.timeout
    while True:
        alive(unit, restarts)
        # A socket's path may hold 107 bytes: the directory is named by its descriptor.
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            place = "/proc/self/fd/%d/%s.sock" % (descriptor, process)
            problem = question.ask(place, min(health.ONE, max(0.2, ends - time.monotonic())))
        finally:
            os.close(descriptor)
        state.go_on()
        if problem is None:
            return
        if time.monotonic() + PAUSE >= ends:
            what = "%s on its socket: %s after %g s" % (process, problem, question.timeout)
            raise Failure("%s; nobody was served by it: mend it and deploy again" % what, "unhealthy")
        time.sleep(PAUSE)


def restarts_of(unit: str) -> int:
    """How often systemd has started a process again."""
    return sum(systemd.number(said, "NRestarts") for said in systemd.show(unit))


def alive(unit: str, restarts: int) -> None:
    """Failure when a process has ended meanwhile."""
    (said,) = systemd.show(unit)
    runs = said["ActiveState"] in ("active", "activating") and said["SubState"] != "auto-restart"
    if runs and systemd.number(said, "NRestarts") <= restarts:
        return
    code = said.get("ExecMainStatus", "")
    raise Failure("%s: ended with %s; mend it and deploy again" % (unit, code or "no status"), "unhealthy")
