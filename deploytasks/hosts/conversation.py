"""Conversations: requests to an agent as JSON lines, events back while the work goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..config.environment import Host
from ..config.redaction import Redactor
from ..errors import Unreachable
from ..operation import Operation, Result
from ..upload.progress import OnProgress
from ..upload.share import Share
from ..upload.together import Together
from ..upload.upload import Upload
from .agent import agent_program
from .channel import Channel

Uploader = Callable[
    [Path, str, Sequence[str], OnProgress, Sequence[str] | None, Sequence[Share]], Upload | Together
]


class Conversation:
    """One open conversation with the agent on one host. Requests are one at a time; `cancel`, `beat` and `close` come
    from other threads.

    `uploader` makes the upload to this host, and `expect_upload` is told when one is likely; `redactor` masks every
    text that comes back.
    """

    def __init__(
        self,
        host: Host,
        channel: Channel,
        redactor: Redactor,
        uploader: Uploader,
        expect_upload: Callable[[], None] = lambda: None,
    ) -> None:
        self.host, self.expect_upload = host, expect_upload
        self._channel, self._redactor, self._uploader = channel, redactor, uploader
        self._uploads: list[Upload | Together] = []
        self._cancels = 0
        self._sending = threading.Lock()
        self._busy = threading.Lock()
        self._number = 0
        self._events = self._read()
        self._closed = False
        self._holds_lock = False
        self._send_bytes(agent_program())

    def request(
        self,
        operations: Sequence[Operation],
        on_line: OnLine | None = None,
        *,
        resume: bool = False,
        on_result: Callable[[Operation, Result], None] | None = None,
    ) -> tuple[Result, ...]:
        """Carry out operations in order in one round trip; the results end with the first that fails.

        `resume` allows work again after `cancel`. Raises Unreachable when the connection is lost.
        """
        with self._busy:
            return self._carry_out(operations, on_line, resume, on_result)

    def _carry_out(
        self,
        operations: Sequence[Operation],
        on_line: OnLine | None,
        resume: bool,
        on_result: Callable[[Operation, Result], None] | None,
    ) -> tuple[Result, ...]:
        self._number += 1
        wanted = [
            {"name": operation.name, "arguments": dict(operation.arguments)} for operation in operations
        ]
        self._send({"id": self._number, "operations": wanted, "resume": resume})
        results: list[Result] = []
        streams: dict[int, Any] = {}
        for event in self._events:
            if event["event"] == "end" and event.get("id") == self._number:
                return tuple(results)
            if event.get("id") != self._number or event["event"] == "start":
                continue
            index = event["index"]
            operation = operations[index]
            if event["event"] == "line":
                self._pass_on(
                    streams.setdefault(index, self._redactor.stream()),
                    operation,
                    event["text"] + "\n",
                    on_line,
                )
                continue
            if index in streams:
                self._pass_on(streams[index], operation, None, on_line)
            results.append(self._result(event, operation))
            self._follow(operation, results[-1])
            if on_result is not None:
                on_result(operation, results[-1])
        raise Unreachable(f"{self.host.name}: {self._why_lost()}")

    def _follow(self, operation: Operation, result: Result) -> None:
        """Know whether the host has a lock to give back when the conversation ends."""
        if operation.name == "acquire" and result.ok:
            self._holds_lock = result.value["acquired"]
        elif operation.name == "release_lock" and result.ok:
            self._holds_lock = False

    def _pass_on(self, stream: Any, operation: Operation, text: str | None, on_line: OnLine | None) -> None:
        shown = stream.flush() if text is None else stream.feed(text)
        for line in shown.splitlines():
            if on_line is not None:
                on_line(operation.step, line)

    def _result(self, event: dict[str, Any], operation: Operation) -> Result:
        text = self._redactor.text
        tail = tuple(text("\n".join(event.get("tail", ()))).splitlines())
        known = {name: event[name] for name in ("ok", "value", "seconds") if name in event}
        kind, code = event.get("kind", ""), event.get("code", 0)
        error = event.get("error", "")
        if kind == "exit" and not error:
            error = f"`{operation.label}` ended with exit code {code}"
        return Result(**known, code=code, error=text(error), kind=kind, tail=tail)

    def upload(
        self,
        source: Path,
        target: str,
        excludes: Sequence[str],
        on_progress: OnProgress,
        *,
        only: Sequence[str] | None = None,
        shares: Sequence[Share] = (),
    ) -> Result:
        """Make `target` on the host hold exactly what `source` holds; with `only` just those paths are looked at.

        An empty target is filled by uploads of `shares` that run at once.
        """
        before = self._cancels
        upload = self._uploader(source, target, excludes, on_progress, only, shares)
        self._uploads.append(upload)
        if self._cancels != before:
            upload.cancel()
        return upload.run()

    def beat(self) -> None:
        """Renew the heartbeat of the lock; a host that does not take it is found out by the request that runs."""
        self._try_send({"beat": True})

    def cancel(self) -> None:
        self._cancels += 1
        for upload in self._uploads:
            upload.cancel()
        self._try_send({"cancel": True})

    def close(self) -> None:
        """End the conversation; a lock that is still held has been given back then, and what still runs has ended."""
        if self._closed:
            return
        self._closed = True
        if self._holds_lock or self._busy.locked():
            self._channel.close()
        else:
            self._channel.abort()

    def _read(self) -> Iterator[dict[str, Any]]:
        rest = b""
        while chunk := self._receive():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = self._event(line)
                if event is None:
                    continue
                if event.get("event") == "fatal":
                    raise Unreachable(f"{self.host.name}: {event['error']}")
                yield event

    def _event(self, line: bytes) -> dict[str, Any] | None:
        """A line of the agent; anything else (a chatty login shell) is passed over."""
        try:
            event = json.loads(line)
        except ValueError:
            return None
        return event if isinstance(event, dict) and "event" in event else None

    def _receive(self) -> bytes:
        try:
            return self._channel.receive()
        except OSError:
            return b""

    def _send(self, message: dict[str, Any]) -> None:
        self._send_bytes(json.dumps(message).encode() + b"\n")

    def _send_bytes(self, data: bytes) -> None:
        try:
            with self._sending:
                self._channel.send(data)
        except OSError as error:
            raise Unreachable(f"{self.host.name}: {self._why_lost()}") from error

    def _try_send(self, message: dict[str, Any]) -> None:
        try:
            self._send(message)
        except Unreachable:
            pass

    def _why_lost(self) -> str:
        said = (
            self._redactor.text(self._channel.receive_error().decode("utf-8", "replace")).strip().splitlines()
        )
        if said:
            return f"the connection ended: {said[-1]}; see that the host has python3, 3.8 or newer"
        return "the connection was lost; see the network and the host, then run again"


OnLine = Callable[[str, str], None]
"""Called with (step, line) for every line that an operation prints on the host, while it runs, already redacted."""
