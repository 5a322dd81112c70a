"""The lock between runs: who gets a stale one, what becomes of the run that lost it, and who is told what."""

from __future__ import annotations

import functools
import io
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploytasks.remote.agent.agent import Agent
from deploytasks.remote.lock import operations
from tests.release.site import Site, ended
from tests.release.test_interrupts import sleepers, slow_postinstall, working
from tests.rig import wait_until


@contextmanager
def asleep(site: Site, release: str) -> Iterator[subprocess.Popen[str]]:
    """A deploy that sleeps in its postinstall, stopped as by a closed lid; its heartbeat is older than the lease."""
    process = site.project.start("deploy", "--env=staging")
    wait_until(lambda: working(site, release), "postinstall runs everywhere", 60)
    process.send_signal(signal.SIGSTOP)
    try:
        for path in site.paths():
            aged(path)
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


def aged(path: Path) -> None:
    """Make the lock's heartbeat two minutes old."""
    place = path / ".deploytasks/lock"
    found = json.loads(place.read_text())
    place.write_text(json.dumps({**found, "heartbeat": found["heartbeat"] - 120}, separators=(",", ":")))


def test_a_stale_lock_is_taken_over_and_the_woken_run_stops_with_exit_5(staging: Site) -> None:
    release = slow_postinstall(staging)
    with asleep(staging, release) as old:
        done = staging.project.fab("deploy", "--env=staging", "--skip=postinstall", "--json")
        assert done.code == 0, done.err
        assert "took over the stale lock, locked by" in done.err
        assert sleepers(staging) == [""] * 3
        new = done.document["release"]
        assert staging.currents() == [new] * 3
        old.send_signal(signal.SIGCONT)
        _, err = old.communicate(timeout=60)
        assert old.returncode == 5, err
        assert "lock is gone" in err
    assert staging.currents() == [new] * 3 and staging.unlocked()
    for host in staging.farm.hosts:
        entries = [(entry["command"], entry["outcome"]) for entry in staging.history(host)]
        assert entries == [("deploy", "ok"), ("takeover", "ok"), ("deploy", "ok")]


def test_of_two_that_want_a_stale_lock_one_gets_in(staging: Site, repeat: int) -> None:
    release = slow_postinstall(staging)
    for _ in range(repeat):
        with asleep(staging, release) as old:
            both = [staging.project.start("deploy", "--env=staging") for _ in range(2)]
            wait_until(functools.partial(one_is_out_and_one_works, staging, both, old), "one gets in", 60)
            (out,) = [one for one in both if one.poll() is not None]
            assert ended(out) == 5
            (inside,) = [one for one in both if one.poll() is None]
            inside.send_signal(signal.SIGINT)
            assert ended(inside) == 130
    assert staging.unlocked() and staging.currents() == [release] * 3


def one_is_out_and_one_works(
    site: Site, both: list[subprocess.Popen[str]], old: subprocess.Popen[str]
) -> bool:
    """Whether one of two runs has ended, and the other one's postinstall sleeps on every host."""
    return sum(one.poll() is not None for one in both) == 1 and all(sleepers(site))


def test_breaking_the_lock_ends_its_run_with_exit_5_and_is_remembered(staging: Site) -> None:
    release = slow_postinstall(staging)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    broken = staging.project.fab("unlock", "--env=staging", "--yes")
    assert broken.code == 0 and broken.out.count("locked by") == 3
    assert ended(process) == 5
    assert staging.currents() == [release] * 3 and staging.unlocked()
    assert sleepers(staging) == [""] * 3
    newest = [staging.history(host)[-1]["command"] for host in staging.farm.hosts]
    assert "unlock" in newest, (
        newest
    )  # on the first host at least; others may have given their locks back by themselves


def test_a_heartbeat_that_meets_the_end_of_a_run_does_not_take_the_lock_for_lost(tmp_path: Path) -> None:
    agent, over = Agent(io.BytesIO(), io.BytesIO()), threading.Event()
    agent.state.root = str(tmp_path)

    def beat() -> None:
        while not over.is_set():
            agent._beat()

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        for number in range(60):
            assert operations.acquire(agent.state, f"run{number}", {"kind": "run"})["acquired"]
            operations.release(agent.state)
            assert agent.state.lost == ""
    finally:
        over.set()
        beating.join()
