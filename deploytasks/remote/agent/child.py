"""One child process in a session of its own: its output as lines, its end, its timeout, its killing."""

import os
import select
import signal
import subprocess
import threading
import time
from collections import deque

from deploytasks.remote.failure import Failure

TAIL = 40
GRACE = 3.0


class Child:
    """A running child. `finish` returns when the child itself has ended, even if a daemon it left keeps
    its output open.
    """

    def __init__(self, words, cwd, env, stdin):
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
        except OSError as error:
            what = "%s: %s" % (words[0], error.strerror or error)
            raise Failure(
                "cannot start %s; see that it exists and is executable on the host" % what
            ) from error
        if stdin:
            threading.Thread(
                target=self._feed, args=(stdin.encode("utf-8", "surrogateescape"),), daemon=True
            ).start()

    @property
    def pid(self):
        return self.process.pid

    def _feed(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.close()
        except OSError:
            pass  # the child ended without reading; its exit code tells

    def finish(self, emit, timeout):
        """Stream lines to `emit`; return (exit code, last lines). Raises Failure when it times out."""
        lines = Lines(emit)
        deadline = time.monotonic() + timeout
        for chunk in self._chunks(deadline):
            lines.feed(chunk)
        lines.flush()
        self.process.stdout.close()
        if self.process.poll() is None:
            self.kill()
            raise Failure(
                "did not end within %g s and was killed; raise DEPLOY_STEP_TIMEOUT or see why it hangs"
                % timeout,
                "timeout",
            )
        return self.process.returncode, list(lines.tail)

    def _chunks(self, deadline):
        output, ended = self.process.stdout.fileno(), exit_descriptor(self.process.pid)
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

    def kill(self):
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


def exit_descriptor(pid):
    """A descriptor that becomes readable when `pid` ends, where the system has such a thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


class Lines:
    """Cuts a byte stream into lines of text and keeps the last ones."""

    def __init__(self, emit):
        self.emit, self.rest, self.tail = emit, b"", deque(maxlen=TAIL)

    def feed(self, chunk):
        *whole, self.rest = (self.rest + chunk).split(b"\n")
        for line in whole:
            self._line(line)

    def flush(self):
        if self.rest:
            self._line(self.rest)
            self.rest = b""

    def _line(self, raw):
        text = raw.decode("utf-8", "replace").rstrip("\r")
        self.tail.append(text)
        self.emit(text)
