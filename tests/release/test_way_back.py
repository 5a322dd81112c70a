"""The way back of a run that failed: exit 1 when every host serves what it served before, 6 when one does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.release.application import application
from tests.release.project import Plain
from tests.release.site import Site


def outcomes(document: dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(one["release"], one["outcome"]) for one in document["hosts"]]


def refuses(tries: int, tmp_path: Path) -> str:
    """A restart that fails so many times, as systemd does for a while after starts that came too fast."""
    count = tmp_path / "count"
    count.write_text("0\n")
    return f"n=$(cat {count}); echo $((n + 1)) > {count}; [ $n -ge {tries} ]"


def test_a_restart_that_works_again_after_a_while_is_a_way_back(local: Plain, tmp_path: Path) -> None:
    first = local.deploy("dev")
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev", "DEPLOY_RESTART": refuses(3, tmp_path)}
    local.environment("dev", **keys)
    failed = local.fab("deploy", "--env=dev", "--json")
    assert failed.code == 1, failed.err
    assert outcomes(failed.document) == [(first, "unchanged")]
    assert (tmp_path / "count").read_text() == "4\n"


def test_a_restart_that_stays_failed_is_exit_6_and_said(local: Plain, tmp_path: Path) -> None:
    first = local.deploy("dev")
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev", "DEPLOY_RESTART": refuses(99, tmp_path)}
    local.environment("dev", **keys)
    failed = local.fab("deploy", "--env=dev", "--json")
    assert failed.code == 6, failed.err
    assert outcomes(failed.document) == [(first, "failed")]
    assert "does not serve as before" in failed.document["error"]
    assert int((tmp_path / "count").read_text()) == 1 + 1 + 4
    assert not (local.root / ".deploy/dev/.deploytasks/lock").exists()


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_a_site_that_does_not_answer_again_is_exit_6(local: Plain, command: str) -> None:
    with application(local.root / ".deploy/dev/current") as app:
        asked = {"DEPLOY_HEALTH_URL": app.url, "DEPLOY_HEALTH_TIMEOUT": 1, "DEPLOY_HEALTH_SETTLE": 0}
        local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", **asked)
        local.deploy("dev")
        served = local.deploy("dev")
        app.answer = lambda release, count: (502, "")
        failed = local.fab(command, "--env=dev", "--json")
    assert failed.code == 6, failed.err
    assert outcomes(failed.document) == [(served, "failed")]
    assert "answered 502" in failed.document["error"]


def test_a_host_that_came_back_is_told_from_one_that_did_not(staging: Site) -> None:
    first = staging.project.deploy()
    back = f'[ "$DEPLOYTASKS_RELEASE" = {first} ]'
    staging.configure(DEPLOY_RESTART=f'[ "$DEPLOYTASKS_HOST" != host2 ] && {back}')
    failed = staging.project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 6, failed.err
    assert outcomes(failed.document) == [(first, "unchanged"), (first, "failed"), (first, "unchanged")]


def test_a_host_that_does_not_say_what_it_serves_is_exit_4_and_not_1(staging: Site, tmp_path: Path) -> None:
    """Its agent dies when it has done its part, while the other host still fails."""
    first = staging.project.deploy()
    failing, gone = tmp_path / "failing", tmp_path / "gone"
    dies = f"(until [ -e {failing} ]; do sleep 0.05; done; kill -9 $PPID; touch {gone}) >/dev/null 2>&1 &"
    fails = f"touch {failing}; until [ -e {gone} ]; do sleep 0.05; done; false"
    line = f'if [ "$DEPLOYTASKS_HOST" = host2 ]; then {dies} else {fails}; fi'
    staging.configure("host1", "host2", DEPLOY_POSTINSTALL=line)
    failed = staging.project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 4, failed.err
    assert outcomes(failed.document) == [(first, "unchanged"), (None, "unknown")]
    assert "host2: does not say what it serves now; see `fab status" in failed.document["error"]


@pytest.mark.parametrize(("restart", "said"), [("true", 1), ("", 0)], ids=["with a restart", "without one"])
def test_a_failed_first_deploy_says_that_what_it_started_may_still_run(
    local: Plain, restart: str, said: int
) -> None:
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev", "DEPLOY_RESTART": restart}
    dead = {"DEPLOY_HEALTH_URL": "http://127.0.0.1:1/", "DEPLOY_HEALTH_TIMEOUT": 0.1}
    local.environment("dev", **keys, **dead)
    failed = local.fab("deploy", "--env=dev", "--json")
    assert (failed.code, outcomes(failed.document)) == (1, [(None, "unchanged")])
    assert failed.err.count("what DEPLOY_RESTART started of the failed release may still run") == said
