"""What the agent holds while it talks: the root, the application's environment, the lock token, the
running children.
"""

from __future__ import annotations

import os
import threading

from deploytasks.remote.agent.child import Child
from deploytasks.remote.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytasks.remote.tree.prepared import Prepared
    from deploytasks.remote.venv.interpreter import Question


class State:
    """Handed to every operation. `emit` streams a line of the operation that runs now to the control side."""

    def __init__(self) -> None:
        self.root = ""
        self.environment: dict[str, str] = {}
        self.token = ""
        self.prepared: Prepared | None = None
        self.sightings: dict[str, tuple[str, float]] = {}
        self.question: Question | None = None
        self.emit: Callable[[str], object] = lambda line: None
        self.lost = ""
        self.written: list[str] | None = []
        """Paths in the release that this run wrote and that may not be on the disk; None for any."""
        self.displaced = ""
        """Where `current` led before this run, when that was no release."""
        self._children: set[Child] = set()
        self._guard = threading.Lock()
        self._cancelled = False

    def go_on(self) -> None:
        """Raise Failure(kind="cancelled") when this run was told to stop."""
        if self._cancelled:
            raise Failure("stopped, because another host failed or the run was interrupted", "cancelled")

    def resume(self) -> None:
        """Allow work again after a cancel: the undo that follows is work too."""
        self._cancelled = False

    def opened(self, release: str = "") -> Prepared:
        """The release (this one) between `prepare` and `seal`; Failure outside of that."""
        if self.prepared is None or release not in ("", self.prepared.release):
            raise Failure("nothing is prepared here; deploy again", "missing")
        return self.prepared

    def require_lock(self) -> None:
        """Raise Failure(kind="lock_lost") unless this run still holds the lock of this host."""
        from deploytasks.remote.lock import lock

        if self.lost:
            raise Failure(self.lost, "lock_lost")
        if not self.token:
            raise Failure("this run does not hold the lock; this is a bug in deploytasks", "lock_lost")
        lock.check(self.root, self.token)

    def spawn(
        self,
        words: list[str],
        cwd: str = "",
        env: dict[str, str] | None = None,
        stdin: str = "",
        timeout: float = 3600.0,
        emit: Callable[[str], object] | None = None,
    ) -> tuple[int, list[str]]:
        """Run words to their end in a session of their own, recorded in the lock; return (exit code, last lines)."""
        with self._guard:
            self.go_on()
            child = Child(words, cwd, {**os.environ, **self.environment, **(env or {})}, stdin)
            self._children.add(child)
        recorded = self._enter(child)
        try:
            code, tail = child.finish(emit or self.emit, timeout)
        finally:
            with self._guard:
                self._children.discard(child)
            self._leave(recorded)
        self.go_on()
        return code, tail

    def _enter(self, child: Child) -> int | None:
        from deploytasks.remote.lock import lock

        if not self.token:
            return None
        lock.enter_session(self.root, self.token, child.pid)
        return child.pid

    def _leave(self, pid: int | None) -> None:
        from deploytasks.remote.lock import lock

        if pid is not None:
            lock.leave_session(self.root, self.token, pid)

    def cancel(self) -> None:
        """End every running child; the operation that waits for it fails with kind `cancelled`."""
        with self._guard:
            self._cancelled = True
            children = list(self._children)
        for child in children:
            threading.Thread(target=child.kill, daemon=True).start()
