"""Runs that end in the middle: by Ctrl-C, by signals, by SIGKILL, by a host that drops off the network."""

from __future__ import annotations

import signal

import pytest

from tests.release.site import Site, ended
from tests.rig import wait_until

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
