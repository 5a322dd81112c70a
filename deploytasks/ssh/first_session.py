"""The SSH session that carries an agent: opened, and told what to run, without a wait in between where that is sure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_OPEN, cMSG_CHANNEL_REQUEST

from ..shell import Command

FIRST_CHANNEL = 0
PRIVATE = ("_send_user_message", "_channels")
"""Attributes of paramiko.Transport that a spared round trip rests on; without one of them none is spared."""
COUNTS_FROM_ZERO = "SSH-2.0-OpenSSH"
"""A server that gives a channel the lowest number that is free (OpenSSH's channels.c)."""


class Transport(paramiko.Transport):  # type: ignore[misc]
    """An SSH connection. Its first session is spared a round trip: what it is to run is sent right behind its opening,
    before the server has told the session's number, if the server is known to number the first one 0.
    """

    _follows: paramiko.Message | None = None
    _first: Any = None

    def session_running(self, line: Command, *, timeout: float) -> Any:
        """A session in which `line` is run, the first of this connection; paramiko.SSHException when there is none.

        Nobody waits for the reply to `line` either, where Paramiko is as we know it. A server that refuses it closes
        the session (RFC 4254, 6.5).
        """
        if not all(hasattr(paramiko.Transport, name) or name in vars(self) for name in PRIVATE):
            session = self.open_session(timeout=timeout)
            session.exec_command(line.shell)
            return session
        if not self.remote_version.startswith(COUNTS_FROM_ZERO):
            session = self.open_session(timeout=timeout)
            self._send_user_message(request(session.remote_chanid, line))
            return session
        self._follows = request(FIRST_CHANNEL, line)
        try:
            return self.open_session(timeout=timeout)
        except paramiko.SSHException:
            if self._first is not None and self._first.active:
                return self._first  # its program ended before Paramiko looked for it
            raise
        finally:
            self._first = None

    def run(self) -> None:
        """What reads the connection; to close it through a jump host that is gone already is no trouble."""
        with suppress(EOFError, OSError):
            super().run()

    def _send_user_message(self, data: paramiko.Message) -> None:
        following = self._follows if data.asbytes()[0] == MSG_CHANNEL_OPEN else None
        if following is not None:
            (self._first,) = self._channels.values()
        super()._send_user_message(data)
        if following is not None:
            self._follows = None
            super()._send_user_message(following)


def request(channel: int, line: Command) -> paramiko.Message:
    """The message that asks for `line` to be run in a session."""
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel)
    message.add_string("exec")
    message.add_boolean(True)
    message.add_string(line.shell)
    return message
