"""Conversations: requests to an agent as JSON lines, events back while the work goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Protocol

from ..config.environment import Host
from ..config.redaction import Redactor
from ..errors import Unreachable
from ..operation import Operation, Result, Upload
from .agent import agent_program
from .channel import Channel
from .event import Event, WrongShape, event_in
from .line import Line, Silent
from .patience import Patience

LOST = "the connection was lost; see the network and the host, then run again"
OnLine = Callable[[Operation, str], None]
"""Called with every line that an operation prints on the host, while it runs, already redacted."""
OnResult = Callable[[Operation, Result], None]
OnProgress = Callable[[object], None]


class Transfer(Protocol):
    """An upload on its way."""

    def run(self) -> Result: ...

    def cancel(self) -> None: ...


Uploader = Callable[[Upload, Sequence[str] | None, OnProgress], Transfer]
"""Makes an upload; of a target that is prepared only these paths are looked at."""


class Conversation:
    """One open conversation with the agent on one host. Requests are one at a time; `cancel`, `beat` and `close` come
    from other threads.

    `uploader` makes the upload to this host, and `expect_upload` is told when one is likely; `redactor` masks every
    text that comes back. A host that is silent for longer than `patience` allows is given up.
    """

    def __init__(
        self,
        host: Host,
        channel: Channel,
        redactor: Redactor,
        uploader: Uploader,
        expect_upload: Callable[[], None] = lambda: None,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.host, self.expect_upload = host, expect_upload
        self._redactor, self._uploader = redactor, uploader
        self._line = Line(channel, patience or Patience())
        self._uploads: list[Transfer] = []
        self._cancels = 0
        self._busy = Lock()
        self._number = 0
        self._events = self._read()
        self._lost = self.noise = ""
        self._closed = self._holds_lock = False
        self._send(agent_program())

    def request(
        self,
        operations: Sequence[Operation],
        on_line: OnLine | None = None,
        *,
        resume: bool = False,
        on_result: OnResult | None = None,
    ) -> tuple[Result, ...]:
        """Carry out operations in order in one round trip; the results end with the first that fails.

        `resume` allows work again after `cancel`. Raises Unreachable when the connection is lost before that.
        """
        with self._busy:
            self._number += 1
            asked = [{"name": one.name, "arguments": dict(one.arguments)} for one in operations]
            self._send(message(id=self._number, operations=asked, resume=resume))
            return self._results(operations, on_line or (lambda operation, text: None), on_result)

    def _results(
        self, operations: Sequence[Operation], on_line: OnLine, on_result: OnResult | None
    ) -> tuple[Result, ...]:
        results: list[Result] = []
        try:
            for result in self._each_result(operations, on_line):
                results.append(result)
                if on_result is not None:
                    on_result(operations[len(results) - 1], result)
        except Unreachable:
            if not all_in(operations, results):
                raise
        if all_in(operations, results):
            return tuple(results)
        raise Unreachable(f"{self.host.name}: {self._why_lost()}")

    def _each_result(self, operations: Sequence[Operation], on_line: OnLine) -> Iterator[Result]:
        streams: dict[int, Any] = {}
        ended = 0
        for event in self._until_end():
            if event.index != ended or event.index >= len(operations):
                raise self._given_up("it answers what was not asked; see that only deploytasks speaks there")
            operation = operations[event.index]
            stream = streams.setdefault(event.index, self._redactor.stream())
            shown = stream.feed(event.text + "\n") if event.kind == "line" else stream.flush()
            for text in shown.splitlines():
                on_line(operation, text)
            if event.kind == "done":
                self._holds_lock = event.holds_lock
                ended += 1
                yield self._result(event.result, operation)

    def _until_end(self) -> Iterator[Event]:
        """The lines and the results of the request that was sent last, until it or the connection ends."""
        self._line.patience.begin()
        for event in self._events:
            if event.kind == "beat":
                self._line.patience.still()
            if event.request != self._number:
                continue
            if event.kind == "end":
                return
            self._line.patience.goes_on()
            if event.kind in ("line", "done"):
                yield event

    def _result(self, result: Result, operation: Operation) -> Result:
        """The result with its texts masked, and with a value of the operation's own type."""
        text = self._redactor.text
        error = result.error
        if result.kind == "exit" and not error:
            error = f"`{operation.label}` ended with exit code {result.code}"
        tail = tuple(text("\n".join(result.tail)).splitlines())
        masked = replace(result, error=text(error), tail=tail)
        return masked if result.value is None and not result.ok else typed(masked, operation)

    def upload(self, wanted: Upload, only: Sequence[str] | None, on_progress: OnProgress) -> Result:
        """The host's directory holds exactly what ours does; with `only` just those paths are looked at."""
        before = self._cancels
        upload = self._uploader(wanted, only, on_progress)
        self._uploads.append(upload)
        if self._cancels != before:
            upload.cancel()
        return upload.run()

    def beat(self) -> None:
        """Renew the heartbeat of the lock, and have an agent that works say that it lives."""
        self._line.try_send(message(beat=True))

    def cancel(self) -> None:
        """End what the host does. An agent that works has only a short while left to say that it lives."""
        self._cancels += 1
        for upload in self._uploads:
            upload.cancel()
        self._line.patience.hurry()
        self._line.send_next(message(cancel=True) + message(beat=True))

    def close(self) -> None:
        """End the conversation; a lock that is still held has been given back then, and what still runs has ended."""
        if self._closed:
            return
        self._closed = True
        if not self._lost and (self._holds_lock or self._busy.locked()):
            self._line.channel.close()
        else:
            self._line.channel.abort()

    def _read(self) -> Iterator[Event]:
        try:
            for text in self._line.lines():
                event = event_in(text)
                if event is None:
                    self.noise = self.noise or self._redactor.text(text.decode("utf-8", "replace")).strip()
                    continue
                if event.kind == "fatal":
                    raise self._given_up(event.text)
                yield event
        except Silent as silence:
            raise self._given_up(str(silence)) from silence
        except WrongShape as error:
            wrong = "what speaks there is no agent of this version; see the login's start-up files"
            raise self._given_up(wrong) from error

    def _given_up(self, why: str) -> Unreachable:
        """Nothing is said to this host any more, and whoever waits for it goes on."""
        self._lost = self._redactor.text(why)
        self._line.channel.abort()
        return Unreachable(f"{self.host.name}: {self._lost}")

    def _send(self, data: bytes) -> None:
        if self._lost:
            raise Unreachable(f"{self.host.name}: {self._lost}")
        try:
            self._line.send(data)
        except Silent as silence:
            raise self._given_up(str(silence)) from silence
        except OSError as error:
            raise Unreachable(f"{self.host.name}: {self._why_lost()}") from error

    def _why_lost(self) -> str:
        if self._lost:
            return self._lost
        said = self._line.channel.receive_error().decode("utf-8", "replace")
        last = self._redactor.text(said).strip().splitlines()[-1:]
        return (
            f"the connection ended: {last[0]}; see that the host has python3, 3.8 or newer" if last else LOST
        )


def all_in(operations: Sequence[Operation], results: Sequence[Result]) -> bool:
    """Whether nothing more is to come, though the last word, `end`, was lost with the connection."""
    return len(results) == len(operations) or bool(results and not results[-1].ok)


def message(**content: Any) -> bytes:
    """One line to the agent."""
    return json.dumps(content).encode() + b"\n"


def typed(result: Result, operation: Operation) -> Result:
    """A result whose value is of the type that its operation reads; failed when the answer has another shape."""
    if operation.read is None:
        return result
    try:
        return replace(result, value=operation.read(result.value))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"the answer to {operation.name} is not what was asked for ({type(error).__name__}: {error})"
        cure = "see that nothing else writes under DEPLOY_PATH/.deploytasks, then run again"
        return Result(False, 1, error=f"{what}; {cure}", kind="malformed", seconds=result.seconds)
