"""A local process that Invoke runs for us (patchwork goes through `c.local`), endable from any thread."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from invoke.runners import Local

ROOM = 1 << 20
"""Bytes that may wait to be read, and are read at once: as much as Linux lets anybody have (pipe-max-size)."""
PAUSE_MILLISECONDS = 50
KEPT = 65536
"""Bytes of the end of an output that are kept."""


class Children:
    """Starts processes in sessions of their own; after `end` nothing runs and nothing starts any more.

    `on_output` is called with what a process prints on standard output, as it comes.
    """

    def __init__(self, on_output: Callable[[bytes], None]) -> None:
        self.on_output = on_output
        self.ended = False
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, line: str, shell: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Run a shell line, or `exit 130` when `end` was called before."""
        with self._guard:
            self._process = subprocess.Popen(
                [shell, "-c", "exit 130" if self.ended else line],
                env=dict(env),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            return self._process

    def end(self) -> None:
        """End the process and all it started."""
        with self._guard:
            self.ended = True
            if self._process is not None and self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGTERM)

    def settings(self, env: Mapping[str, str]) -> dict[str, Any]:
        """Fabric or Invoke overrides under which `c.local` and `c.run` start children here, printing nothing.

        They do not hold `env`, for Invoke's --debug prints overrides.
        """
        quiet = {"hide": True, "warn": True, "in_stream": False, "shell": "/bin/sh"}
        return {"run": quiet, "runners": {"local": lambda context: Child(context, self, env)}}


class Child(Local):
    """Invoke's runner for one such process, which has the environment `env`, not the one that Invoke makes."""

    def __init__(self, context: Any, children: Children, env: Mapping[str, str]) -> None:
        super().__init__(context)
        self.children, self.whole = children, env

    def start(self, command: str, shell: str, env: dict[str, Any]) -> None:
        self.process = self.children.start(command, shell, self.whole)

    def read_proc_stdout(self, num_bytes: int) -> bytes | None:
        """All that it prints, at once when it has ended: Invoke copies what it has at every piece that it gets.

        Of much, what came last is enough.
        """
        kept = b""
        assert self.process.stdout is not None
        for portion in portions(self.process.stdout.fileno()):
            self.children.on_output(portion)
            kept = (kept + portion)[-KEPT:]
        return kept

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Ctrl-C ends the process; Invoke would type it into the process's input."""
        self.children.end()
        raise interrupt


def portions(pipe: int) -> Iterator[bytes]:
    """What comes through a pipe, with a pause after each portion that ends when the writer does.

    rsync prints a line for every file; to wake up for each would cost both of us more than the file.
    """
    with contextlib.suppress(AttributeError, OSError):  # only Linux has it; nobody may have many such pipes
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)
    ended = select.poll()
    ended.register(pipe, 0)
    while portion := os.read(pipe, ROOM):
        yield portion
        ended.poll(PAUSE_MILLISECONDS)
