"""The small commands: run, postinstall, logs, plan and releases, on this machine."""

from __future__ import annotations

import json
import re

import pytest

from tests.release.project import Plain
from tests.servers import PostgreSQL


@pytest.fixture
def served(local: Plain) -> str:
    """The release that is served in `dev`."""
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_LOGS="./postinstall")
    return local.deploy("dev")


def test_run_ends_as_a_shell_says_when_a_signal_ended_the_command(local: Plain, served: str) -> None:
    assert local.fab("run", "kill -9 $$", "--env=dev").code == 137


def test_run_and_postinstall_have_the_whole_revision(local: Plain, served: str) -> None:
    revision = (local.root / ".deploy/dev/current/REVISION").read_text().strip()
    assert len(revision) == 40
    done = local.fab("run", "echo $DEPLOYTASKS_REVISION $DEPLOYTASKS_RELEASE", "--env=dev")
    assert done.out == f"local:: {revision} {served}\n"


def test_a_rollback_restarts_with_the_revision_that_it_goes_back_to(local: Plain, served: str) -> None:
    revision = (local.root / ".deploy/dev/current/REVISION").read_text().strip()
    local.write("page", "new")
    local.commit()
    local.deploy("dev")
    local.environment(
        "dev",
        DEPLOY_HOSTS="local:",
        DEPLOY_PATH=".deploy/dev",
        DEPLOY_RESTART="echo restarts $DEPLOYTASKS_REVISION",
    )
    done = local.fab("rollback", "--env=dev")
    assert f"restarts {revision}" in done.err


def test_a_rollback_to_an_empty_name_is_not_one_to_the_release_before(local: Plain, served: str) -> None:
    newer = local.deploy("dev")
    done = local.fab("rollback", "--to=", "--env=dev")
    assert done.code == 1 and "release  is not there" in done.err
    assert (local.root / ".deploy/dev/current").readlink().name == newer


def test_a_release_says_which_packages_it_uses(local: Plain, served: str) -> None:
    release = local.root / ".deploy/dev/current"
    known = json.loads((release / ".deploytasks/release.json").read_text())
    assert (release / ".venv").readlink().name == known["dependency_key"]


def test_plan_and_report_say_what_the_process_environment_gave(
    local: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_FROM_PROCESS="CI_TOKEN")
    monkeypatch.setenv("CI_TOKEN", "tok-123456")
    for words in (["plan"], ["deploy"]):
        assert local.fab(*words, "--env=dev").out.endswith("from the process environment: CI_TOKEN\n")
    assert local.fab("plan", "--env=dev", "--json").document["from_process"] == ["CI_TOKEN"]


@pytest.mark.parametrize("process", [{}, {"DATABASE_URL": ""}], ids=["not set", "empty"])
def test_nothing_is_contacted_when_the_process_lacks_a_secret_that_it_must_give(
    local: Plain, process: dict[str, str]
) -> None:
    local.environment(
        "dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_FROM_PROCESS="DATABASE_URL"
    )
    done = local.fab("deploy", "--env=dev", "--json", **process)
    assert done.code == 2 and "DATABASE_URL" in done.document["error"]
    assert not (local.root / ".deploy").exists()


def test_what_a_step_of_your_own_prints_is_shown(local: Plain) -> None:
    fabfile = (
        "from deploytasks import DEFAULT, namespace, step\n\n"
        'warm = step("warm_cache", "echo warm on $DEPLOYTASKS_HOST")\n'
        'ns = namespace(DEFAULT.before("publish", warm))\n'
    )
    local.write("fabfile.py", fabfile)
    local.commit()
    assert "  local:: warm on local:\n" in local.fab("deploy", "--env=dev").err


def test_a_plan_with_nothing_to_do_says_that_the_host_is_frozen(local: Plain, served: str) -> None:
    assert local.fab("lock", "--message=not today", "--env=dev").code == 0
    done = local.fab("plan", "--env=dev")
    assert done.code == 0
    assert "nothing to do" in done.out and "(not today)" in done.out


def test_a_plan_after_a_deploy_is_empty_whatever_kinds_of_files_ship(local: Plain) -> None:
    (local.root / "link.py").symlink_to("page.txt")
    (local.root / "nowhere").symlink_to("no/such/file")
    (local.root / "folder").symlink_to("vendor")
    local.write("tool", "#!/bin/sh\n", 0o755)
    local.write("empty", "")
    local.commit()
    local.deploy("dev")
    planned = local.fab("plan", "--env=dev")
    assert (planned.code, planned.out.count("~")) == (0, 0), planned.out
    assert local.fab("status", "--env=dev").code == 0


def test_a_plan_names_what_changes_in_kind_or_mode_alone(local: Plain) -> None:
    (local.root / "link").symlink_to("page.txt")
    local.write("plain", "page.txt")
    local.write("tool", "#!/bin/sh\n", 0o755)
    local.commit()
    local.deploy("dev")
    (local.root / "link").unlink()
    local.write("link", "page.txt")
    (local.root / "plain").unlink()
    (local.root / "plain").symlink_to("page.txt")
    (local.root / "tool").chmod(0o644)
    local.commit()
    files = local.fab("plan", "--env=dev", "--json").document["plan"][0]["files"]
    assert files == {"added": [], "changed": ["link", "plain", "tool"], "deleted": []}
    local.deploy("dev")
    assert local.fab("plan", "--env=dev").code == 0


@pytest.mark.parametrize("words", [("plan",), ("check",), ("deploy", "--dry-run")], ids=" ".join)
def test_what_is_not_shipped_is_said_by_plan_and_check_too(local: Plain, words: tuple[str, ...]) -> None:
    local.write("page.txt", "not committed\n")
    done = local.fab(*words, "--env=dev")
    assert "not shipped: 1 uncommitted change(s)" in done.out + done.err
    assert any("not shipped" in note for note in local.fab(*words, "--env=dev", "--json").document["notes"])


def test_equal_settings_have_one_fingerprint_for_as_long_as_they_are(local: Plain) -> None:
    def fingerprint(**process: str) -> str:
        said: str = local.fab("status", "--env=dev", "--json", **process).document["status"][0][
            "settings_fingerprint"
        ]
        return said

    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", GREETING="hello")
    local.deploy("dev")
    first = fingerprint()
    local.deploy("dev")
    assert fingerprint() == first
    assert fingerprint(XDG_CACHE_HOME=str(local.root / ".deploy/another-user")) != first
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", GREETING="bye")
    local.deploy("dev")
    assert fingerprint() != first


@pytest.mark.parametrize("task", ["deploy", "check"])
def test_a_service_that_could_not_be_tried_is_said(local: Plain, postgresql: PostgreSQL, task: str) -> None:
    url = re.sub(r":[^:@/]+@", "@", postgresql.url)
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DATABASE_URL=url)
    done = local.fab(task, "--env=dev")
    assert done.code == 0 and "note    local:: DATABASE_URL: reached, login not tried" in done.err, done.err
