"""The readiness wait on the host: real logins until every service is usable, or it is clear that it never will be."""

from __future__ import annotations

import os
import threading
import time

from deploytasks.remote.files import read_json
from deploytasks.remote.names import VARIABLES, plain
from deploytasks.remote.release.current import served
from deploytasks.remote.services import verdict
from deploytasks.remote.services.patience import Patience
from deploytasks.remote.services.service import Service
from deploytasks.remote.services.timeline import Timeline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from deploytasks.remote.agent.state import State

BUG = 3
PRECEDENCE = (BUG, verdict.REFUSED, verdict.MISCONFIGURED, verdict.NOT_READY)
SHORTEST, LONGEST = 0.5, 5.0
"""Seconds that one attempt may take."""
HEADS = {verdict.REFUSED: "refuses the credentials", verdict.MISCONFIGURED: "is misconfigured"}


def wait(
    state: State,
    services: dict[str, Any],
    timeout: float = 120.0,
    fresh: bool = False,
    migrates: bool = False,
    created: bool = False,
    base: str = "",
    once: bool = False,
) -> dict[str, Any]:
    """Wait for all services at once; answers {service: {"code", "text", "warning", "seconds"}}.

    Services travel as {name: {"url", "usable"}}; `usable` ones must be fit for the migration that follows. `once`
    asks each a single time. A host with no release yet is `fresh`.
    """
    fresh = fresh or served(state.root) is None
    board = Board(state.emit)
    watches = []
    for name, one in sorted(services.items()):
        service = Service(name, one["url"], one["usable"] and migrates, state.root, base, created)
        patience = Patience(timeout, fresh, once)
        if one["url"] in state.sightings:
            server, when = state.sightings[one["url"]]
            patience.saw(server, time.monotonic() - when)
        watches.append(Watch(service, patience, board))
    for watch in watches:
        watch.start()
    while any(watch.is_alive() for watch in watches):
        state.go_on()
        next(watch for watch in watches if watch.is_alive()).join(0.1)
    return {"__result__": result({watch.service.name: watch.answer for watch in watches})}


def ask_again(state: State, release: str, names: list[str]) -> dict[str, Any]:
    """Ask once for the services of a release that was deployed before, with the environment that it has.

    One that is not ready yet is no failure: going back may be what helps it.
    """
    top = os.path.join(state.root, "releases", plain(release))
    environment = read_json(os.path.join(top, "environment.json"), VARIABLES, {})
    services = {name: {"url": environment[name], "usable": False} for name in names if environment.get(name)}
    answer = wait(state, services, base=top, once=True)["__result__"]
    if answer["code"] == verdict.NOT_READY:
        answer.update(ok=True, code=0, error="", kind="")
    return {"__result__": answer}


def result(answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The answers of all services as the result of one operation, with the exit code that speaks for all."""
    codes = [answer["code"] for answer in answers.values()]
    code = next((one for one in PRECEDENCE if one in codes), 0)
    error = "; ".join("%s %s" % (name, answer["text"]) for name, answer in answers.items() if answer["code"])
    kind = "" if code == 0 else "bug" if code == BUG else "service"
    return {"ok": code == 0, "code": code, "value": answers, "error": error, "kind": kind}


class Board:
    """What is waited for, said in one line whenever it changes: services that are ready have left it."""

    def __init__(self, emit: Callable[[str], object]) -> None:
        self._emit, self._guard = emit, threading.Lock()
        self._texts: dict[str, str] = {}

    def say(self, name: str, text: str) -> None:
        with self._guard:
            self._texts[name] = "%s: %s" % (name, text)
            self._emit("; ".join(self._texts[one] for one in sorted(self._texts)))

    def leave(self, name: str) -> None:
        with self._guard:
            self._texts.pop(name, None)


class Watch(threading.Thread):
    """Asks one service until its patience ends; `answer` is there when the thread has ended."""

    def __init__(self, service: Service, patience: Patience, board: Board) -> None:
        super().__init__(daemon=True)
        self.service, self.patience, self.board = service, patience, board
        self.begun, self.timeline = time.monotonic(), Timeline()
        self.answer: dict[str, Any] = {}

    def run(self) -> None:
        try:
            self.answer = self.ended(self.watch())
        except Exception as bug:
            self.answer = answer(
                BUG, "%s in the probe; please report it" % type(bug).__name__, self.seconds()
            )
        self.board.leave(self.service.name)

    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def watch(self) -> verdict.Attempt:
        """The last attempt."""
        while True:
            left = self.patience.timeout - self.seconds()
            attempt = self.service.ask(max(SHORTEST, min(LONGEST, left)))
            now = self.seconds()
            if attempt.code:
                times = self.timeline.saw(attempt.text, now)
                self.board.say(self.service.name, "%s (%d×)" % (attempt.text, times))
            pause = self.patience.after(attempt, now)
            if pause is None:
                return attempt
            time.sleep(pause)

    def ended(self, attempt: verdict.Attempt) -> dict[str, Any]:
        """The answer: the time-line and the cure, unless the service can be used."""
        if attempt.kind == verdict.UNTRIED:
            text = "reached, login not tried: %s" % attempt.text
            return answer(0, text, self.seconds(), "%s: %s" % (self.service.name, text))
        if attempt.kind == verdict.READY:
            return answer(0, "ready", self.seconds())
        head = "%s after %.0f s" % (HEADS.get(attempt.code, "not ready"), self.seconds())
        return answer(attempt.code, "%s: %s; %s" % (head, self.timeline, attempt.cure), self.seconds())


def answer(code: int, text: str, seconds: float, warning: str = "") -> dict[str, Any]:
    return {"code": code, "text": text, "warning": warning, "seconds": round(seconds, 2)}
