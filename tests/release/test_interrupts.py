"""Runs that end in the middle: by Ctrl-C, by signals, by SIGKILL, by a host that drops off the network."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploytasks.commands.changing import closing_table
from deploytasks.commands.planning import plan_command
from deploytasks.config.loading import load_environment
from deploytasks.hosts.site import fleet_of
from tests.release.project import Plain
from tests.release.site import Site, ended
from tests.rig import program, wait_until

SLOW = """#!/bin/sh
touch started
[ ! -e slow ] || sleep 300
"""


def slow_postinstall(site: Site) -> str:
    """One good release; then a revision whose postinstall does not end. Answers the good release."""
    site.project.write("postinstall", SLOW, 0o755)
    site.project.commit()
    release = site.project.deploy()
    site.project.write("slow", "")
    site.project.commit()
    return release


def working(site: Site, release: str) -> bool:
    """Whether the slow step runs on every host in a release newer than `release`."""
    return all(
        any((path / "started").exists() and path.name > release for path in (top / "releases").iterdir())
        for top in site.paths()
    )


def sleepers(site: Site) -> list[str]:
    """Who still sleeps on the hosts."""
    return [site.farm.run(host, "pgrep -f 'sleep 30[0]' || true").strip() for host in site.farm.hosts]


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
def test_a_signal_before_publish_changes_nothing_and_leaves_nothing_running(
    staging: Site, number: signal.Signals
) -> None:
    release = slow_postinstall(staging)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    process.send_signal(number)
    assert ended(process) == 130
    assert staging.currents() == [release] * 3
    assert staging.unlocked()
    assert sleepers(staging) == [""] * 3


def test_ctrl_c_after_publish_began_is_undone_first(staging: Site) -> None:
    release = staging.project.deploy()
    restart = "echo x >> ../../shared/restarts; [ $(wc -l < ../../shared/restarts) != 1 ] || sleep 300"
    staging.configure(DEPLOY_RESTART=restart)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(
        lambda: all((path / "shared/restarts").exists() for path in staging.paths()),
        "restart runs everywhere",
        60,
    )
    assert staging.currents() != [release] * 3
    process.send_signal(signal.SIGINT)
    assert ended(process) == 130
    assert staging.currents() == [release] * 3
    assert staging.unlocked()


@pytest.mark.parametrize("count", [1, 3])
def test_ctrl_c_when_every_host_has_ended_comes_too_late(staging: Site, count: int) -> None:
    hosts = staging.farm.hosts[:count]
    wait = "until [ -e ../../shared/go ]; do sleep 0.05; done"
    staging.configure(*(host.name for host in hosts), DEPLOY_RESTART=f"touch ../../shared/here; {wait}")
    process = staging.project.start("deploy", "--env=staging")
    paths = [staging.path(host) for host in hosts]
    wait_until(lambda: all((path / "shared/here").exists() for path in paths), "restart runs everywhere", 60)
    with (paths[-1] / ".deploytasks/lock.guard").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        for path in paths:
            (path / "shared/go").touch()
        wait_until(
            lambda: (
                all((path / ".deploytasks/history.jsonl").exists() for path in paths)
                and not any((path / ".deploytasks/lock").exists() for path in paths[:-1])
            ),
            "the last lock alone is still to be given back",
            60,
        )
        process.send_signal(signal.SIGINT)
    assert ended(process) == 0
    assert None not in staging.currents()[:count] and staging.unlocked()


def test_after_sigkill_the_next_deploy_succeeds_at_once(staging: Site) -> None:
    release = slow_postinstall(staging)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    process.kill()
    ended(process)
    assert staging.currents() == [release] * 3
    (staging.project.root / "slow").unlink()
    staging.project.commit()
    again = staging.project.deploy()
    assert staging.currents() == [again] * 3
    assert sleepers(staging) == [""] * 3


def test_a_second_deploy_is_locked_out_while_the_first_runs(staging: Site) -> None:
    release = slow_postinstall(staging)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    second = staging.project.fab("deploy", "--env=staging")
    assert second.code == 5 and "locked by" in second.err
    process.send_signal(signal.SIGINT)
    assert ended(process) == 130
    assert staging.unlocked()


def test_wait_lock_waits_for_a_run(staging: Site) -> None:
    release = slow_postinstall(staging)
    first = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    second = staging.project.start("deploy", "--env=staging", "--wait-lock=60", "--skip=postinstall")
    assert second.stderr is not None
    for line in second.stderr:
        if "waiting" in line:
            break
    first.send_signal(signal.SIGINT)
    assert ended(first) == 130
    assert ended(second) == 0
    assert len(set(staging.currents())) == 1 and staging.currents()[0] != release


def test_a_freeze_is_neither_waited_for_nor_taken_over_and_unlock_ends_it(staging: Site) -> None:
    project = staging.project
    assert project.fab("lock", "--env=staging", "--message=no deploys today").code == 0
    refused = project.fab("deploy", "--env=staging", "--wait-lock=3600")
    assert refused.code == 5 and "no deploys today" in refused.err
    assert project.fab("unlock", "--env=staging", "--yes").code == 0
    assert project.fab("deploy", "--env=staging").code == 0


def test_a_host_that_drops_off_before_publish_is_exit_4_and_the_others_stay(staging: Site) -> None:
    release = slow_postinstall(staging)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(lambda: working(staging, release), "postinstall runs everywhere", 60)
    host = staging.farm.hosts[1]
    host.stop()
    try:
        assert ended(process) == 4
    finally:
        host.start()
    assert staging.currents() == [release] * 3
    (staging.project.root / "slow").unlink()
    staging.project.commit()
    assert staging.currents() != [staging.project.deploy()] * 3 or staging.unlocked()


def test_a_host_that_vanishes_during_publish_is_exit_6_with_its_name_and_the_cure(staging: Site) -> None:
    release = staging.project.deploy()
    restart = "echo x >> ../../shared/restarts; [ $(wc -l < ../../shared/restarts) != 1 ] || sleep 300"
    staging.configure(DEPLOY_RESTART=restart)
    process = staging.project.start("deploy", "--env=staging")
    wait_until(
        lambda: all((path / "shared/restarts").exists() for path in staging.paths()),
        "restart runs everywhere",
        60,
    )
    host = staging.farm.hosts[1]
    host.stop()
    try:
        _, err = process.communicate(timeout=90)
        assert process.returncode == 6
        assert "host2" in err and "fab rollback --env=staging --limit=host2" in err
        assert [staging.currents()[number] for number in (0, 2)] == [release] * 2
    finally:
        host.start()


@pytest.fixture
def held_upload(local: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    """A good release, and a second deploy on this machine whose upload ends when it is let go."""
    local.environment(
        "dev",
        DEPLOY_HOSTS="local:",
        DEPLOY_PATH=".deploy/dev",
        DEPLOY_RESTART=f"echo x >> {tmp_path}/restarts",
    )
    (local.root / "postinstall").unlink()
    local.commit()
    release = local.deploy("dev")
    local.write("page.txt", "second\n")
    local.commit()
    os.mkfifo(tmp_path / "gate")
    tools = tmp_path / "bin"
    tools.mkdir()
    waits = f"case $* in */releases/*) [ ! -p {tmp_path}/gate ] || cat {tmp_path}/gate ;; esac"
    program(tools / "rsync", f'/usr/bin/rsync "$@" || exit\n{waits}')
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return Held(local, release, local.start("deploy", "--env=dev"), tmp_path)


@dataclass(frozen=True)
class Held:
    """The project, its good release, and the run that is held."""

    local: Plain
    release: str
    process: subprocess.Popen[str]
    place: Path

    def agent(self) -> int:
        """The pid of the agent, stopped; what it is asked next waits in its standard input, still to be read."""
        with (self.place / "gate").open("w"):  # opens once rsync is through
            tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
            children = [int(pid) for task in tasks for pid in task.read_text().split()]
            (agent,) = (pid for pid in children if b"SOURCES" in Path(f"/proc/{pid}/cmdline").read_bytes())
            os.kill(agent, signal.SIGSTOP)
            (self.place / "gate").unlink()
        wait_until(lambda: waiting(agent) > 0, "the agent is asked for what follows the upload", 20)
        return agent

    def untouched(self) -> bool:
        """Whether the first release is served as if there had been no second run."""
        restarts = (self.place / "restarts").read_text()
        return (self.local.root / ".deploy/dev/current").resolve().name == self.release and restarts == "x\n"


def waiting(pid: int) -> int:
    """Bytes in a process's standard input that it has not read."""
    with Path(f"/proc/{pid}/fd/0").open("rb") as stream:
        return int.from_bytes(fcntl.ioctl(stream, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_while_a_single_host_has_yet_to_publish_restarts_nothing(held_upload: Held) -> None:
    agent = held_upload.agent()
    asked, beat = waiting(agent), len('{"beat": true}\n')
    held_upload.process.send_signal(signal.SIGINT)
    wait_until(lambda: (waiting(agent) - asked) % beat, "the agent is told to stop", 20)
    os.kill(agent, signal.SIGCONT)
    assert ended(held_upload.process) == 130
    assert held_upload.untouched()


def test_a_single_host_whose_agent_dies_before_it_publishes_is_exit_4_and_unchanged(
    held_upload: Held,
) -> None:
    os.kill(held_upload.agent(), signal.SIGKILL)
    out, err = held_upload.process.communicate(timeout=60)
    assert held_upload.process.returncode == 4, err
    assert held_upload.untouched()
    table = next(line for line in out.splitlines() if held_upload.release in line)
    assert "local" in table and "unchanged" in table
    assert held_upload.local.deploy("dev") != held_upload.release


def test_what_a_host_serves_whose_agent_died_after_publish_is_told_as_it_is(local: Plain) -> None:
    first = local.deploy("dev")
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_RESTART="kill -9 $PPID")
    done = local.fab("deploy", "--env=dev", "--json")
    assert done.code == 6, done.err
    (host,) = done.document["hosts"]
    current = (local.root / ".deploy/dev/current").resolve().name
    assert (host["release"], host["outcome"]) == (current, "failed") and current != first
    assert f"fab rollback --env=dev --limit={host['host']}" in done.err


def test_a_host_that_was_not_yet_told_where_it_deploys_is_read_back(local: Plain) -> None:
    release = local.deploy("dev")
    plan = plan_command(load_environment("dev", root=local.root), "deploy")
    with fleet_of(plan) as fleet:
        assert fleet.runner(plan.hosts[0])
        (said,) = closing_table.read_back(fleet, plan, plan.hosts).values()
    assert said.release == release
