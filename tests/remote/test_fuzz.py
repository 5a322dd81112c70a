"""Whatever stands on a host, and whatever the agent is asked: an answer or a failure with a cure, nothing elsewhere.

Harmless also when the code under test is wrong: every path that is made up stays below a directory of the test's own,
every pid is of a process of its own or of none.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploytasks.hosts.agent import agent_command, agent_program
from deploytasks.remote.agent.agent import OPERATIONS, Agent
from deploytasks.remote.lock import operations
from tests.remote.conftest import NEW, OLD, deployment

SEED = int(os.environ.get("FUZZ_SEED", "20261125"))
STORED, ASKED, CONVERSATIONS, LOCKED = 350, 5500, 3, 0.15
NOBODYS_PID = 1 << 30
"""Larger than any that Linux gives."""
FILES = (
    ".deploytasks/lock",
    ".deploytasks/lock.guard",
    ".deploytasks/history.jsonl",
    ".deploytasks/owner",
    f".deploytasks/sessions/run0/{NOBODYS_PID}",
    f"releases/{OLD}/.deploytasks/release.json",
    f"releases/{OLD}/.deploytasks/state.json",
    f"releases/{OLD}/.deploytasks/manifest",
    f"releases/{OLD}/.deploytasks/venvs.json",
    f"releases/{OLD}/.deploytasks/environments.json",
    f"releases/{OLD}/environment.json",
    f"releases/{OLD}/.env",
    f"releases/{OLD}/REVISION",
)
OWNER = {"project": "p", "environment": "e", "identities": ["1"]}
READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("read_lock", {}),
    ("inventory", {"details": True}),
    ("provenance", {}),
    ("manifest", {}),
    ("history", {}),
    ("edited", {}),
    ("served_environment", {"key": "00"}),
    ("load_environment", {"release": OLD}),
    ("ask_again", {"release": OLD, "names": ["DATABASE_URL"]}),
)


@pytest.fixture
def made_up() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """So deep that no path which is made up leads out of a directory of the test's own; in memory where that can be."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as own:
        place = Path(own) / "/".join("abcdefgh")
        place.mkdir(parents=True)
        yield place


WORDS = ". .. ../../own ../own/deep a/b {} run0 run freeze tcp:// sqlite:///own redis://[ 0123456789abcdef -1 1e309"
TEXTS = (*WORDS.split(), "", "x" * 5000, "\0", "\ud800", "\udcff", "é\n\x1b[2J", OLD, NEW, str(NOBODYS_PID))


def texts(rng: random.Random) -> str:
    return rng.choice(TEXTS)


def values(rng: random.Random, depth: int = 3) -> Any:
    """Any JSON value; Python's reads and writes NaN and Infinity too."""
    kind = rng.randrange(9 if depth else 6)
    if kind < 3:
        return texts(rng)
    if kind < 6:
        return rng.choice([None, True, False, 0, 1, 2.5, 10**30, float("nan"), float("inf"), NOBODYS_PID])
    if kind == 6:
        return [values(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {str(texts(rng)): values(rng, depth - 1) for _ in range(rng.randrange(4))}


NAMES = """token kind agent heartbeat boot_id user reason started identities project environment path commit vendored
revision verified bad id at command seconds start control machine run_id"""
KEYS = NAMES.split()


def documents(rng: random.Random) -> bytes:
    """What a file may hold: nearly right, damaged, or anything at all."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randbytes(rng.randrange(200))
    if kind == 1:
        return b"[" * rng.choice([10, 100_000]) + b'{"token":' * rng.randrange(3)
    if kind == 2:
        return b"A='" + str(texts(rng)).encode("utf-8", "replace") + b"'\nB=\"" + rng.randbytes(4)
    if kind == 3:
        parts = [str(values(rng, 0)) for _ in range(rng.randrange(7))]
        body = "\0".join(parts).encode("utf-8", "replace")
        return b"digest %08x\0" % zlib.crc32(body) + body
    shaped = {key: values(rng) for key in rng.sample(KEYS, rng.randrange(8))}
    if kind == 4:
        shaped |= {
            "token": "run0",
            "kind": rng.choice(["run", "freeze"]),
            "agent": {"pid": NOBODYS_PID, "start": None},
        }
    found = shaped if kind < 7 else values(rng)
    text = json.dumps(found).encode()
    return text[: rng.randrange(len(text) + 1)] if rng.random() < 0.2 else text


def stand(place: Path, rng: random.Random) -> None:
    """Something stands there: a file, a FIFO, a directory, a link to somebody else's file or directory."""
    place.parent.mkdir(parents=True, exist_ok=True)
    kind = rng.randrange(12)
    if kind == 0:
        os.mkfifo(place)
    elif kind == 1:
        place.mkdir()
    elif kind == 2:
        place.symlink_to(own_of(place))
    elif kind == 3:
        place.symlink_to(own_of(place) / "deep/precious")
    else:
        place.write_bytes(documents(rng))


def own_of(place: Path) -> Path:
    """The directory of somebody else beside the deployment that a path is in."""
    return next(parent for parent in place.parents if parent.name == "site").parent / "own"


def intact(deep: Path, before: os.stat_result) -> bool:
    """Whether nothing beside the deployment was touched."""
    own = deep / "own"
    there = sorted(str(path.relative_to(deep)) for path in deep.iterdir())
    after = (own / "deep/precious").stat()
    same = (after.st_mtime_ns, after.st_mode, after.st_ino) == (
        before.st_mtime_ns,
        before.st_mode,
        before.st_ino,
    )
    return (
        same
        and there == ["own", "site"]
        and sorted(path.name for path in own.rglob("*")) == ["deep", "precious"]
    )


def answered(agent: Agent, name: str, arguments: Any) -> dict[str, Any]:
    answer = agent._answer({"name": name, "arguments": arguments})
    json.dumps(answer)
    assert answer["ok"] or (answer["kind"] != "bug" and answer["code"] != 3), (name, arguments, answer)
    return answer


def fresh(deep: Path) -> Agent:
    """An agent whose run does not hold the lock yet, of a new deployment."""
    agent = Agent(io.BytesIO(), io.BytesIO())
    agent.state = deployment(deep)
    operations.release(agent.state)
    return agent


@pytest.mark.parametrize("file", FILES)
def test_what_is_stored_is_read_or_refused_and_the_lock_can_be_had(
    deep: Path, made_up: random.Random, file: str
) -> None:
    agent = fresh(deep)
    before = (deep / "own/deep/precious").stat()
    place = deep / "site" / file
    for _ in range(STORED):
        rid(place)
        stand(place, made_up)
        for name, arguments in made_up.sample(READING, 4):
            answered(agent, name, arguments)
        if made_up.random() < LOCKED:
            worked_under_the_lock(agent)
    assert intact(deep, before)


def worked_under_the_lock(agent: Agent) -> None:
    """The lock is had, if need be after `unlock`, and given back."""
    taking = {"token": "run1", "holder": {"user": "u"}, "lease": 0.0}
    taken = answered(agent, "acquire", taking)
    if taken["ok"] and not taken["value"]["acquired"]:
        token = taken["value"]["holder"]["token"]
        answered(agent, "break_lock", {"token": token, "entry": {"command": "unlock"}})
        taken = answered(agent, "acquire", taking)
    if taken["ok"]:
        assert taken["value"]["acquired"]
        answered(agent, "mark", {"release": OLD, "verified": True})
        answered(agent, "record", {"entry": {"command": "deploy"}})
        answered(agent, "collect", {"keep": [OLD, NEW]})
        answered(agent, "release_lock", {})
        assert not os.path.lexists(os.path.join(agent.state.root, ".deploytasks/lock"))


def rid(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


COMMANDS = {"execute", "install", "open", "verify", "wait", "facts", "install_facts"}
HARMLESS = sorted(OPERATIONS.keys() - COMMANDS)
"""What is asked with made-up arguments: without what runs commands or talks to the network."""
LIKELY: dict[str, Any] = {
    "release": OLD,
    "releases": [NEW],
    "keep": [OLD],
    "owner": OWNER,
    "token": "run1",
    "names": ["A"],
    "holder": {},
    "entry": {},
    "message": "m",
    "directories": ["a"],
    "files": [],
    "text": "",
    "key": "00",
    "provenance": {"revision": "a" * 40, "tree_digest": "d"},
    "details": True,
    "limit": 5,
    "lease": 60.0,
    **dict.fromkeys(("digest", "basis", "manifest", "gone"), ""),
    "services": {},
}


def test_what_is_asked_is_done_or_refused(deep: Path, made_up: random.Random) -> None:
    for number in range(ASKED):
        if number % 50 == 0:
            place = deep / str(number)
            agent = fresh(place)
            before = (place / "own/deep/precious").stat()
            answered(agent, "acquire", {"token": "run1", "holder": {"user": "u"}})
        name = made_up.choice(HARMLESS)
        answered(agent, name, asked(name, made_up))
        assert intact(place, before), name


def asked(name: str, rng: random.Random) -> Any:
    """Arguments of an operation: some right, some wrong, some missing."""
    from deploytasks.remote.agent.agent import find

    function = find(name)
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    given = {}
    for one in names:
        roll = rng.random()
        if roll < 0.6 and one in LIKELY:
            given[one] = LIKELY[one]
        elif roll < 0.9:
            given[one] = values(rng)
    if rng.random() < 0.05:
        given[str(texts(rng))] = values(rng)
    return given


def lines(rng: random.Random, root: str) -> Iterator[bytes]:
    """Requests to a real agent, the last of which is none."""
    yield json.dumps({"id": 1, "operations": [{"name": "open", "arguments": {"root": root}}]}).encode()
    for number in range(2, 40):
        name = rng.choice(HARMLESS)
        operations = [{"name": name, "arguments": asked(name, rng)}] * rng.randrange(1, 3)
        yield json.dumps({"id": number, "operations": operations}).encode()
        yield b'{"beat":true}'
    yield rng.choice(
        [b"[]", b"{", b'{"id":1}', b"\xff", b'{"id":1,"operations":[1]}', b"[" * 100_000, b"null", b'"x"']
    )


def test_a_real_agent_answers_every_request_and_says_of_the_last_that_it_is_none(
    deep: Path, made_up: random.Random
) -> None:
    words = agent_command(sys.executable).words
    for number in range(CONVERSATIONS):
        place = deep / str(number)
        fresh(place)
        before = (place / "own/deep/precious").stat()
        asked_for = b"\n".join(lines(made_up, str(place / "site"))) + b"\n"
        done = subprocess.run(
            words, input=agent_program() + asked_for, capture_output=True, timeout=60, check=False
        )
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert not [event for event in events if event.get("kind") == "bug"], done.stderr
        assert [event["event"] for event in events][-1] == "fatal" or events[-1]["event"] == "end"
        assert "fatal" in {event["event"] for event in events} and b"Traceback" not in done.stderr
        assert not (place / "site/.deploytasks/lock").exists() and intact(place, before)
