"""The byte stream to an agent on this machine; ssh.py has the same for another host."""

from __future__ import annotations

import errno
import operator
import os
import pwd
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

CLOSE_SECONDS, ABORT_SECONDS = 15.0, 3.0


class Channel(Protocol):
    """Both directions of a running program. Nothing waits longer than `seconds`."""

    def send(self, data: bytes | memoryview, seconds: float) -> int:
        """Write as much of `data` as there is room for: how much, 0 for none. OSError when the program has ended."""
        ...

    def receive(self, seconds: float) -> bytes:
        """What the program wrote next; b"" at its end. TimeoutError when it wrote nothing."""
        ...

    def receive_error(self) -> bytes:
        """What the program has written on standard error so far."""
        ...

    def close(self) -> None:
        """End the program's input and wait for its end."""
        ...

    def abort(self) -> None:
        """Go, and leave the program to notice."""
        ...


class LocalChannel:
    """A program on this machine, with a clean login-like environment instead of the caller's."""

    def __init__(self, words: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=login_environment(os.environ),
            cwd="/",
            start_new_session=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        os.set_blocking(self.process.stdin.fileno(), False)
        self._input, self._output = self.process.stdin, self.process.stdout

    def send(self, data: bytes | memoryview, seconds: float) -> int:
        """See Channel."""
        if self._input.closed:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        ready = select.select([], [self._input], [], seconds)[1]
        return (self._input.write(data) or 0) if ready else 0

    def receive(self, seconds: float) -> bytes:
        """See Channel."""
        if not select.select([self._output], [], [], seconds)[0]:
            raise TimeoutError
        return self._output.read(65536) or b""

    def receive_error(self) -> bytes:
        assert self.process.stderr is not None
        return self.process.stderr.read() if self.process.poll() is not None else b""

    def abort(self) -> None:
        """The program is a child of this process, and is waited for all the same, but not for long."""
        self._end(ABORT_SECONDS)

    def close(self) -> None:
        """End the program's input and wait for it to give back what it holds."""
        self._end(CLOSE_SECONDS)

    def _end(self, seconds: float) -> None:
        if not self._input.closed:
            self._input.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def login_environment(process: Mapping[str, str]) -> dict[str, str]:
    """What a login would set: no key of the caller's shell reaches the application by accident."""
    try:
        name, home, shell = operator.attrgetter("pw_name", "pw_dir", "pw_shell")(pwd.getpwuid(os.getuid()))
    except KeyError:  # a container that runs with any number for its user
        name, home, shell = str(os.getuid()), "/", "/bin/sh"
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    kept = {name: process[name] for name in ("LANG", "LC_ALL", "TZ", "TMPDIR") if name in process}
    named = {"HOME": process.get("HOME", home), "USER": name, "LOGNAME": name, "SHELL": shell}
    return {"PATH": without_virtual_environments(process.get("PATH", path)), **named, **kept}


def without_virtual_environments(path: str) -> str:
    """A search path without the virtual environments that are active, and without places relative to somewhere.

    PEP 405: a virtual environment is a directory with a file `pyvenv.cfg`; its programs are one level below.
    """
    places = (Path(place) for place in path.split(":"))
    kept = (place for place in places if place.is_absolute() and not (place.parent / "pyvenv.cfg").exists())
    return ":".join(map(str, kept))
