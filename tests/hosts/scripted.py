"""An agent of a few lines: a Channel that answers each message as a script says, at once."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterable
from typing import Any

from deploytasks.hosts.agent import agent_program

Said = dict[str, Any]
Script = Callable[[Said], Iterable[Said | bytes | None]]
"""What is said to a message: events, raw bytes, or None for the end of the connection."""


def end(asked: Said) -> Said:
    return {"id": asked["id"], "event": "end"}


def done(asked: Said, index: int, ok: bool = True, **more: Any) -> Said:
    return {"id": asked["id"], "index": index, "event": "done", "ok": ok, "seconds": 0.0, **more}


def all_done(asked: Said) -> list[Said | bytes | None]:
    """Every operation of a request succeeds; what is no request is not answered."""
    if "operations" not in asked:
        return []
    return [*(done(asked, at, value=one["name"]) for at, one in enumerate(asked["operations"])), end(asked)]


class Scripted:
    """A Channel. Where nothing is left to say, a look waits `pause` seconds instead of its own time."""

    def __init__(self, script: Script = all_done, pause: float = 0.0) -> None:
        self.script, self.pause = script, pause
        self.heard: list[Said] = []
        self.ended = ""
        """`closed` or `aborted`."""
        self._to_come = len(agent_program())
        self._rest = b""
        self._said: queue.Queue[bytes] = queue.Queue()

    def send(self, data: bytes | memoryview, seconds: float) -> int:
        text = bytes(data)
        program, self._to_come = min(self._to_come, len(text)), max(0, self._to_come - len(text))
        *lines, self._rest = (self._rest + text[program:]).split(b"\n")
        for line in lines:
            self.heard.append(json.loads(line))
            for event in self.script(self.heard[-1]):
                self.say(event)
        return len(text)

    def say(self, event: Said | bytes | None) -> None:
        """What the agent says next, of itself."""
        said = json.dumps(event).encode() + b"\n" if isinstance(event, dict) else event or b""
        self._said.put(said)

    def receive(self, seconds: float) -> bytes:
        try:
            return self._said.get(timeout=self.pause) if self.pause else self._said.get_nowait()
        except queue.Empty:
            raise TimeoutError from None

    def receive_error(self) -> bytes:
        return b""

    def close(self) -> None:
        self.ended = "closed"
        self.say(None)

    def abort(self) -> None:
        self.ended = "aborted"
        self.say(None)
