"""The agent: reads requests as JSON lines on stdin, carries out operations one after the other, streams
events to stdout.

It lives as long as the conversation: end of input, SIGTERM or SIGHUP ends what runs, gives the lock back and exits.
Requests: `{"id": n, "operations": [{"name": …, "arguments": {…}}, …]}`, `{"beat": true}`, `{"cancel": true}`.
Events:   `{"id": n, "index": i, "event": "start" | "line" | "done", …}`, `{"id": n, "event": "end"}`, and
`{"event": "beat"}`, the answer to a beat while a request is being carried out.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback

from deploytasks.remote.agent.requests import accepted, read
from deploytasks.remote.agent.state import State
from deploytasks.remote.failure import Failure, of_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

OPERATIONS = {
    "begin_backup": "release.backup:begin_backup",
    "keep_backup": "release.backup:keep_backup",
    "backups": "release.backup:backups",
    "open": "agent.operations:open_root",
    "facts": "check.facts:facts",
    "install_facts": "venv.operations:install_facts",
    "execute": "agent.operations:execute",
    "acquire": "lock.operations:acquire",
    "release_lock": "lock.operations:release",
    "read_lock": "lock.operations:read",
    "freeze": "lock.operations:freeze",
    "break_lock": "lock.operations:break_lock",
    "inventory": "release.inventory:inventory",
    "prepare": "tree.prepare:prepare",
    "ships": "tree.prepare:ships",
    "seal": "tree.seal:seal",
    "edited": "tree.seal:edited",
    "link_shared": "release.release:link_shared",
    "write_environment": "release.release:write_environment",
    "load_environment": "release.release:load_environment",
    "served_environment": "release.settings:served_environment",
    "install": "venv.operations:install",
    "collect": "venv.collect:collect",
    "publish": "release.release:publish",
    "mark": "release.release:mark",
    "record": "release.history:record",
    "history": "release.history:history",
    "provenance": "release.inventory:provenance",
    "manifest": "release.inventory:manifest",
    "verify": "release.health:verify",
    "health": "release.health:now",
    "start_processes": "processes.running:start",
    "start_again": "processes.running:start_again",
    "switch_processes": "processes.running:switch",
    "verify_processes": "processes.running:verify",
    "ps": "processes.running:ps",
    "stop_others": "processes.running:stop_others",
    "look": "services.first_look:look",
    "wait": "services.wait:wait",
    "ask_again": "services.wait:ask_again",
    "prune": "release.prune:prune",
    "tidy": "venv.collect:tidy",
}


class Agent:
    """One conversation. The reading thread only queues, beats and cancels; the working thread does the work."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self.source, self.sink = source, sink
        self.state = State()
        self.requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.writing = threading.Lock()
        self.waiting = 0  # requests that were not carried out yet
        self.renewing = threading.Lock()

    def run(self) -> None:
        worker = threading.Thread(target=self._work, daemon=True)
        worker.start()
        try:
            for line in self.source:
                self._receive(read(line))
        except Failure as failure:
            self.send(event="fatal", error=str(failure))
        finally:
            self.state.cancel()
            self.requests.put(None)
            worker.join(10.0)
            self._give_back()

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("beat"):
            if self.waiting:
                self.send(event="beat")
            # in the background, for it may have to wait for the lock's guard
            threading.Thread(target=self._beat, daemon=True).start()
        elif message.get("cancel"):
            self.state.cancel()
        else:
            self.waiting += 1
            self.requests.put(message)

    def _beat(self) -> None:
        if self.renewing.acquire(blocking=False):
            try:
                self._renew()
            finally:
                self.renewing.release()

    def _renew(self) -> None:
        from deploytasks.remote.lock import lock

        token = self.state.token
        if token and not self.state.lost:
            try:
                lock.beat(self.state.root, token)
            except Failure as failure:
                if self.state.token == token and failure.kind == "lock_lost":
                    self.state.lost = str(failure)
                    self.state.cancel()
            except OSError:
                pass  # a full disk is the running operation's to report; the lease outlives some missed beats

    def _give_back(self) -> None:
        from deploytasks.remote.lock import lock

        if self.state.token:
            try:
                lock.release(self.state.root, self.state.token)
            except (Failure, OSError):
                pass

    def _work(self) -> None:
        while True:
            request = self.requests.get()
            if request is None:
                return
            if request.get("resume"):
                self.state.resume()
            for index, operation in enumerate(request["operations"]):
                if not self._carry_out(request["id"], index, operation):
                    break
            self.waiting -= 1
            self.send(id=request["id"], event="end")

    def _carry_out(self, number: int, index: int, operation: dict[str, Any]) -> bool:
        self.send(id=number, index=index, event="start")
        self.state.emit = lambda line: self.send(id=number, index=index, event="line", text=line)
        started = time.monotonic()
        answer = self._answer(operation)
        seconds = round(time.monotonic() - started, 4)
        holds_lock = bool(self.state.token)
        self.send(id=number, index=index, event="done", seconds=seconds, holds_lock=holds_lock, **answer)
        return bool(answer["ok"])

    def _answer(self, operation: dict[str, Any]) -> dict[str, Any]:
        try:
            if self.state.lost:
                raise Failure(self.state.lost, "lock_lost")
            self.state.go_on()
            name, function = operation["name"], find(operation["name"])
            value = function(self.state, **accepted(function, name, operation.get("arguments") or {}))
            if isinstance(value, dict) and "__result__" in value:
                return dict(value["__result__"])
            return {"ok": True, "value": value}
        except Failure as failure:
            return {"ok": False, "code": 1, "error": str(failure), "kind": failure.kind}
        except OSError as error:
            what = "%s: %s; see the host's disk and permissions" % (operation["name"], of_system(error))
            return {"ok": False, "code": 1, "error": what, "kind": "system"}
        except Exception as bug:
            frames = [
                "%s:%s in %s" % (frame.filename, frame.lineno, frame.name)
                for frame in traceback.extract_tb(bug.__traceback__)
            ]
            what = "%s in operation %s; please report it" % (type(bug).__name__, operation["name"])
            return {"ok": False, "code": 3, "error": what, "kind": "bug", "tail": frames}

    def send(self, **event: object) -> None:
        data = json.dumps(event).encode("ascii") + b"\n"
        with self.writing:
            try:
                self.sink.write(data)
                self.sink.flush()
            except OSError:
                self.state.cancel()  # nobody listens any more; end of input follows


def find(name: str) -> Callable[..., Any]:
    """The function that carries out the operation `name`."""
    if name not in OPERATIONS:
        raise Failure("unknown operation %s; deploy with one version of deploytasks" % name[:80], "request")
    module, function = OPERATIONS[name].split(":")
    found: Callable[..., Any] = getattr(importlib.import_module("deploytasks.remote." + module), function)
    return found


def hang_up(*_: object) -> None:
    """End of the conversation by signal: the same way out as the end of input."""
    raise SystemExit(1)


def main() -> None:
    """Serve the conversation on stdin and stdout until it ends."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hang_up)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)
    Agent(sys.stdin.buffer, sys.stdout.buffer).run()
