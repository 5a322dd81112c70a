"""A deployment on this machine, worked on by the agent's own functions under its lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploytasks.remote.agent.state import State
from deploytasks.remote.lock import operations

OLD, NEW = "20260101000000-aaaaaaa", "20260102000000-bbbbbbb"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An agent's state that holds the lock; `OLD` is served, `NEW` is there, and `tmp_path/own` is somebody else's."""
    made = deployment(tmp_path)
    yield made
    operations.release(made)


def deployment(directory: Path) -> State:
    state = State()
    state.root = str(directory / "site")
    for release in (OLD, NEW):
        (directory / "site/releases" / release / ".deploytasks").mkdir(parents=True)
    (directory / "site/current").symlink_to(f"releases/{OLD}")
    (directory / "own/deep").mkdir(parents=True)
    (directory / "own/deep/precious").write_text("kept")
    answer = operations.acquire(state, "run1", {"user": "somebody", "machine": "here", "run_id": "run1"})
    assert answer["acquired"]
    return state
