"""What one attempt to use a service says, and what many of them amount to."""

READY, TRANSIENT, SUSPECT, PERMANENT, UNTRIED = "ready", "transient", "suspect", "permanent", "untried"
NOT_READY, REFUSED, MISCONFIGURED = 75, 77, 78


class Attempt(Exception):
    """How one attempt ended. `code` is the exit code if this is what it stays at; `cure` the next move."""

    def __init__(self, kind, text, code=NOT_READY, cure="", server=None, busy=False):
        super().__init__(text)
        self.kind, self.text, self.code, self.cure, self.server, self.busy = (
            kind,
            text,
            code,
            cure,
            server,
            busy,
        )


def refused(text, cure):
    """The credentials are refused: probably for ever, but a new service says so for a moment too."""
    return Attempt(SUSPECT, text, REFUSED, cure)


def misconfigured(text, cure, kind=SUSPECT):
    """The service answers and cannot be used as configured."""
    return Attempt(kind, text, MISCONFIGURED, cure)


def not_yet(text, cure="see that the service is started, and its host and port", busy=False):
    """Worth another attempt. `busy` services are asked more rarely."""
    return Attempt(TRANSIENT, text, NOT_READY, cure, busy=busy)


def ready(server):
    """Usable. `server` identifies the running server, so that one that restarts is not taken for one that stays."""
    return Attempt(READY, "ready", 0, server=server)


def untried(text):
    """Reached; the probe does not speak its language."""
    return Attempt(UNTRIED, text, 0)
