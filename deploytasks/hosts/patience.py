"""How long a host may say nothing, and how long it may work at one operation."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

BEAT_SECONDS = 5.0
"""Between two beats. An agent that works answers each; the lock's heartbeat is renewed by it too."""
LOOK_SECONDS = 0.5
"""Of one wait for a host, after which is looked whether there is any use in waiting on."""
HURRY_SECONDS = 8.0
"""In which a host says that it lives once a run is to end: the way out is not to wait for a dead one."""
GRACE_SECONDS = 60.0
"""That an operation gets beyond its own limit, which the agent holds it to."""


@dataclass
class Patience:
    """Counts what was waited in vain, not the clock: a machine that slept has not waited.

    A host is silent after `connect` seconds and two beats without a word; an operation takes too long after `longest`.
    """

    connect: float = 10.0
    longest: float = 3600.0
    _waited: float = 0.0
    _beats: int = 0
    _hurry: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """A request begins."""
        self._waited, self._beats = 0.0, 0

    def goes_on(self) -> None:
        """The work has come further."""
        self._beats = 0

    def still(self) -> None:
        """The agent lives, and works on."""
        self._beats += 1

    def heard(self) -> None:
        """Something came, or could be sent."""
        with self._guard:
            self._waited, self._hurry = 0.0, False

    def hurry(self) -> None:
        """The next word is expected soon."""
        with self._guard:
            self._waited, self._hurry = 0.0, True

    def waited(self) -> str:
        """Count one look in vain; what is wrong with the host when it was one too many."""
        with self._guard:
            self._waited += LOOK_SECONDS
            limit = HURRY_SECONDS if self._hurry else self.connect + 2 * BEAT_SECONDS
            silent = self._waited > limit
        if silent:
            return f"did not answer for {limit:g} s; see the network and the host, then run again"
        return ""

    def too_long(self) -> str:
        """What is wrong with a host that lives and does not come to an end."""
        limit = self.longest + GRACE_SECONDS
        if self._beats * BEAT_SECONDS > limit:
            return f"did not end a step within {limit:g} s; see what hangs there, then run again"
        return ""
