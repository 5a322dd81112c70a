"""What one attempt to use a service says."""

from __future__ import annotations

import socket
import ssl

READY, TRANSIENT, SUSPECT, PERMANENT, UNTRIED = "ready", "transient", "suspect", "permanent", "untried"
NOT_READY, REFUSED, MISCONFIGURED = 75, 77, 78


class Attempt(Exception):
    """How one attempt ended. `code` is the exit code if this is what it stays at; `cure` the next move."""

    def __init__(
        self,
        kind: str,
        text: str,
        code: int = NOT_READY,
        cure: str = "",
        server: str | None = None,
        busy: bool = False,
    ) -> None:
        super().__init__(text)
        self.kind, self.text, self.code, self.cure = kind, text, code, cure
        self.server, self.busy = server, busy


def refused(text: str, cure: str) -> Attempt:
    """The credentials are refused: probably for ever, but a new service says so for a moment too."""
    return Attempt(SUSPECT, text, REFUSED, cure)


def misconfigured(text: str, cure: str, kind: str = SUSPECT) -> Attempt:
    """The service answers and cannot be used as configured."""
    return Attempt(kind, text, MISCONFIGURED, cure)


def not_yet(
    text: str, cure: str = "see that the service is started, and its host and port", busy: bool = False
) -> Attempt:
    """Worth another attempt. `busy` services are asked more rarely."""
    return Attempt(TRANSIENT, text, NOT_READY, cure, busy=busy)


def ready(server: str | None = None) -> Attempt:
    """Usable. `server` identifies the running server: one that restarts is not taken for one that stays.

    None: there is no server that could restart.
    """
    return Attempt(READY, "ready", 0, server=server)


def untried(text: str) -> Attempt:
    """Reached; the probe does not speak its language."""
    return Attempt(UNTRIED, text, 0)


def lost(error: OSError | EOFError) -> Attempt:
    """What a connection that fails amounts to. Only TLS that cannot be agreed on may be for ever."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return misconfigured(
            "its certificate is refused: %s" % error.verify_message,
            "name its authority and its host in the URL",
        )
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return misconfigured("does not speak TLS", "take TLS out of the URL, or switch it on in the server")
    if isinstance(error, EOFError):
        return not_yet("closed the connection")
    if isinstance(error, socket.gaierror):
        return not_yet("its name cannot be resolved")
    if isinstance(error, socket.timeout):
        return not_yet("no answer", busy=True)
    return not_yet((error.strerror or type(error).__name__).lower())
