"""Master: one OpenSSH connection to a host, shared by the uploads to it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import ExitStack

from .openssh import askpass, master_socket, ssh_words, written_config
from .route import Route


class Master:
    """A connection of OpenSSH's own, opened in the background before an upload needs it.

    An upload rides on it when it is up, and connects by itself when it is not; so its failure is nobody's.
    `close` ends it.
    """

    def __init__(self, route: Route) -> None:
        with ExitStack() as stack:
            self.config = stack.enter_context(written_config(route))
            self._socket = master_socket(self.config)
            # `cat` instead of -N: it ends with this process, even when that is killed.
            self._process = subprocess.Popen(
                ssh_words(route, self.config, "-M", run="cat"),
                env={**os.environ, **askpass(route, self.config.parent)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._stack = stack.pop_all()
        self._patience = time.monotonic() + route.connect_timeout

    @property
    def coming(self) -> bool:
        """Whether the connection is not yet up, and may still come."""
        pending = self._socket is not None and not self._socket.exists() and self._process.poll() is None
        return pending and time.monotonic() < self._patience

    def close(self) -> None:
        """Nothing of the connection is left, neither processes nor files."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.communicate()
        self._stack.close()


def obstacle(route: Route) -> str:
    """What OpenSSH, and with it rsync, says when it cannot travel a route; empty when it can."""
    patience = route.connect_timeout * len(route.hops) + 5
    with written_config(route) as config:
        try:
            done = subprocess.run(
                ssh_words(route, config, run="true"),
                env={**os.environ, **askpass(route, config.parent)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {patience:g} s"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else said[-1] if said else f"ended with exit code {done.returncode}"
