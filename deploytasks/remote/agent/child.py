"""One child process in a session of its own: its output as lines, its end, its timeout, its killing."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections import deque

from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

TAIL = 40
GRACE = 3.0


class Child:
    """A running child. `finish` returns when the child itself has ended, even if a daemon it left keeps
    its output open.
    """

    def __init__(self, words: list[str], cwd: str, env: dict[str, str], stdin: str) -> None:
        try:
            self.process = subprocess.Popen(
                words,
                cwd=cwd or None,
                env=env,
                start_new_session=True,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except (OSError, ValueError, IndexError) as error:
            what = "%s: %s" % (words[0] if words else "nothing", getattr(error, "strerror", None) or error)
            raise Failure(
                "cannot start %s; see that it exists and is executable on the host" % what
            ) from error
        assert self.process.stdout is not None
        self.output = self.process.stdout
        if self.process.stdin is not None:
            given = self.process.stdin, stdin.encode("utf-8", "surrogateescape")
            threading.Thread(target=self._feed, args=given, daemon=True).start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def _feed(self, stream: IO[bytes], data: bytes) -> None:
        try:
            stream.write(data)
            stream.close()
        except OSError:
            pass  # the child ended without reading; its exit code tells

    def finish(self, emit: Callable[[str], object], timeout: float) -> tuple[int, list[str]]:
        """Stream lines to `emit`; return (exit code, last lines). Raises Failure when it times out."""
        lines = Lines(emit)
        deadline = time.monotonic() + timeout
        for chunk in self._chunks(deadline):
            lines.feed(chunk)
        lines.flush()
        self.output.close()
        if self.process.poll() is None:
            self.kill()
            raise Failure(
                "did not end within %g s and was killed; raise DEPLOY_STEP_TIMEOUT or see why it hangs"
                % timeout,
                "timeout",
            )
        return self.process.returncode, list(lines.tail)

    def _chunks(self, deadline: float) -> Iterator[bytes]:
        output, ended = self.output.fileno(), exit_descriptor(self.process.pid)
        watched = [output] + ([ended] if ended is not None else [])
        try:
            while time.monotonic() < deadline:
                wait = min(0.05 if ended is None else 1.0, max(0.0, deadline - time.monotonic()))
                readable = select.select(watched, [], [], wait)[0]
                if output in readable:
                    chunk = os.read(output, 65536)
                    if chunk:
                        yield chunk
                        continue
                    watched = [descriptor for descriptor in watched if descriptor != output]
                    output = -1
                if self.process.poll() is not None:
                    return
        finally:
            if ended is not None:
                os.close(ended)

    def kill(self) -> None:
        """End the whole session: politely, then for good."""
        for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
            try:
                os.killpg(self.process.pid, number)
            except OSError:
                pass
            try:
                self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass


def exit_descriptor(pid: int) -> int | None:
    """A descriptor that becomes readable when `pid` ends, where the system has such a thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


class Lines:
    """Cuts a byte stream into lines of text and keeps the last ones."""

    def __init__(self, emit: Callable[[str], object]) -> None:
        self.emit, self.rest = emit, b""
        self.tail: deque[str] = deque(maxlen=TAIL)

    def feed(self, chunk: bytes) -> None:
        *whole, self.rest = (self.rest + chunk).split(b"\n")
        for line in whole:
            self._line(line)

    def flush(self) -> None:
        if self.rest:
            self._line(self.rest)
            self.rest = b""

    def _line(self, raw: bytes) -> None:
        text = raw.decode("utf-8", "replace").rstrip("\r")
        self.tail.append(text)
        self.emit(text)
