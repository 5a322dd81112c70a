"""Only a process that was recorded, with its start and its session, is ended by a takeover. All are the test's own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploytasks.remote import pids
from deploytasks.remote.agent.state import State
from deploytasks.remote.lock import takeover


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours in a session of its own."""
    process = subprocess.Popen(["sleep", "300"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("pid", [-1, 0, 1 << 30, None, "1", 1.0, [], {}])
def test_what_is_no_pid_is_no_process(pid: Any) -> None:
    assert not pids.alive(pid, None)


def recorded(state: State, agent: dict[str, Any], session: tuple[int, str] | None = None) -> None:
    """The lock of a run that beat for the last time in another boot."""
    private = Path(state.root) / ".deploytasks"
    content = {"token": "run0", "kind": "run", "heartbeat": 0.0, "boot_id": "another", "agent": agent}
    (private / "lock").write_text(json.dumps(content))
    if session:
        (private / "sessions/run0").mkdir(parents=True)
        (private / "sessions/run0" / str(session[0])).write_text(session[1])


@pytest.mark.parametrize(
    ("start", "session", "ends"),
    [
        pytest.param("right", "right", True, id="the recorded process"),
        pytest.param("right", None, True, id="one recorded by an older version"),
        pytest.param("1", "right", False, id="another start"),
        pytest.param("right", 1, False, id="another session"),
        pytest.param(None, "right", False, id="no start"),
    ],
)
def test_a_takeover_ends_an_agent_only_when_it_is_the_recorded_one(
    state: State, bystander: subprocess.Popen[bytes], start: str | None, session: Any, ends: bool
) -> None:
    begun = pids.start_time(bystander.pid)
    agent = {
        "pid": bystander.pid,
        "start": begun if start == "right" else start,
        "session": os.getsid(bystander.pid) if session == "right" else session,
    }
    recorded(state, agent)
    assert takeover.acquire(state.root, "run1", {})["acquired"]
    assert (pids.start_time(bystander.pid) is None) is ends


@pytest.mark.parametrize(("start", "ends"), [("right", True), ("1", False), ("", False)])
def test_a_takeover_ends_a_session_only_when_it_is_the_recorded_one(
    state: State, bystander: subprocess.Popen[bytes], start: str, ends: bool
) -> None:
    begun = pids.start_time(bystander.pid) or ""
    recorded(state, {}, (bystander.pid, begun if start == "right" else start))
    assert takeover.acquire(state.root, "run1", {})["acquired"]
    assert (pids.start_time(bystander.pid) is None) is ends
    assert not (Path(state.root) / ".deploytasks/sessions/run0").exists()
