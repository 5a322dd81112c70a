"""The lock as operations of the agent: taken for the life of the conversation."""

from deploytasks.remote import lock
from deploytasks.remote.inventory import former, is_spare
from deploytasks.remote.manifest import Comparison


def acquire(state, token, holder, lease=60.0, gone="", ships=False):
    """Take the lock for this conversation, or answer who has it.

    One that `ships` a tree begins at once to compare the spare one with its manifest, which `prepare` needs.
    """
    answer = lock.acquire(state.root, token, holder, lease=lease, gone=gone)
    if answer.get("acquired"):
        state.token = token
        begins = former(state.root) if ships else None
        state.comparison = Comparison(begins) if begins and is_spare(begins) else None
    return answer


def release(state):
    """Give back the lock of this conversation; nothing happens when it holds none."""
    state.comparison = None
    token, state.token = state.token, ""  # first, so that a beat meanwhile does not take the lock for lost
    try:
        if token:
            lock.release(state.root, token)
    except BaseException:
        state.token = token
        raise


def read(state):
    """Who holds the lock, or None."""
    return lock.read(state.root)


def freeze(state, message, holder):
    """Freeze the environment by hand."""
    return lock.freeze(state.root, message, holder)


def break_lock(state, token, entry):
    """Break the lock that `token` names, and no other; the history gets `entry`."""
    return lock.break_lock(state.root, token, entry)
