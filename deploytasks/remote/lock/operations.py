"""The lock as operations of the agent: taken for the life of the conversation."""

from __future__ import annotations

from deploytasks.remote.lock import lock, takeover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State


def acquire(
    state: State, token: str, holder: dict[str, Any], lease: float = lock.LEASE, gone: str = ""
) -> dict[str, Any]:
    """Take the lock for this conversation, or answer who has it."""
    answer = takeover.acquire(state.root, token, holder, lease=lease, gone=gone)
    if answer.get("acquired"):
        state.token = token
    return answer


def release(state: State) -> None:
    """Give back the lock of this conversation; nothing happens when it holds none."""
    token, state.token = state.token, ""  # first, so that a beat meanwhile does not take the lock for lost
    try:
        if token:
            lock.release(state.root, token)
    except BaseException:
        state.token = token
        raise


def read(state: State) -> dict[str, Any] | None:
    """Who holds the lock, of a run also whether its agent is still alive; None for nobody."""
    return lock.read(state.root)


def freeze(state: State, message: str, holder: dict[str, Any]) -> None:
    """Freeze the environment by hand."""
    return lock.freeze(state.root, message, holder)


def break_lock(state: State, token: str, entry: dict[str, Any]) -> None:
    """Break the lock that `token` names, and no other; the history gets `entry`."""
    return takeover.break_lock(state.root, token, entry)
