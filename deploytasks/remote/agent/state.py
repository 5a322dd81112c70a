"""What the agent holds while it talks: the root, the application's environment, the lock token, the
running children.
"""

import os
import threading

from deploytasks.remote.agent.child import Child
from deploytasks.remote.failure import Failure


class State:
    """Handed to every operation. `emit` streams a line of the operation that runs now to the control side."""

    def __init__(self):
        self.root = ""
        self.environment = {}
        self.token = ""
        self.prepared = None
        self.sightings = {}
        self.question = None
        self.emit = lambda line: None
        self.lost = ""
        self._children = set()
        self._guard = threading.Lock()
        self._cancelled = False

    def go_on(self):
        """Raise Failure(kind="cancelled") when this run was told to stop."""
        if self._cancelled:
            raise Failure("stopped, because another host failed or the run was interrupted", "cancelled")

    def resume(self):
        """Allow work again after a cancel: the undo that follows is work too."""
        self._cancelled = False

    def require_lock(self):
        """Raise Failure(kind="lock_lost") unless this run still holds the lock of this host."""
        from deploytasks.remote.lock import lock

        if self.lost:
            raise Failure(self.lost, "lock_lost")
        if not self.token:
            raise Failure("this run does not hold the lock; this is a bug in deploytasks", "lock_lost")
        lock.check(self.root, self.token)

    def spawn(self, words, cwd="", env=None, stdin="", timeout=3600.0, emit=None):
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

    def _enter(self, child):
        from deploytasks.remote.lock import lock

        if not self.token:
            return None
        lock.enter_session(self.root, self.token, child.pid)
        return child.pid

    def _leave(self, pid):
        from deploytasks.remote.lock import lock

        if pid is not None:
            lock.leave_session(self.root, self.token, pid)

    def cancel(self):
        """End every running child; the operation that waits for it fails with kind `cancelled`."""
        with self._guard:
            self._cancelled = True
            children = list(self._children)
        for child in children:
            threading.Thread(target=child.kill, daemon=True).start()
