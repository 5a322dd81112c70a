"""`fab db.wait` from end to end: what it says, its exit codes, and that no process list shows the password."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from examples.building import git
from tests.readiness.conftest import said
from tests.release.project import Plain
from tests.rig import free_port
from tests.servers import PASSWORD, PostgreSQL


@pytest.fixture
def project(tmp_path: Path) -> Plain:
    """A project that has deployed nothing."""
    root = tmp_path / "app"
    root.mkdir()
    (root / "fabfile.py").write_text("from deploytasks import namespace\n\nns = namespace()\n")
    git(root, "init", "--quiet")
    return Plain(root, root)


def configure(project: Plain, url: str, **keys: object) -> None:
    project.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DATABASE_URL=url, **keys)


def serve_a_release(project: Plain) -> None:
    """What the host looks like after a deploy: services are not new any more."""
    release = project.root / ".deploy/dev/releases/20260101000000-abcdefa"
    release.mkdir(parents=True)
    (project.root / ".deploy/dev/current").symlink_to("releases/20260101000000-abcdefa")


def test_a_usable_database_is_exit_code_0_before_there_is_any_release(
    project: Plain, postgresql: PostgreSQL
) -> None:
    configure(project, postgresql.url, DEPLOY_MIGRATE="true")
    done = project.fab("db.wait", "--env=dev", "--json")
    assert done.code == 0, done.err
    assert done.document["exit_code"] == 0 and done.document["error"] is None
    assert [host["outcome"] for host in done.document["hosts"]] == ["ready"]
    assert not (project.root / ".deploy").exists()


def test_what_is_not_ready_in_time_is_75_with_its_time_line_and_cure(project: Plain) -> None:
    configure(project, f"postgres://app:{PASSWORD}@127.0.0.1:{free_port()}/app")
    done = project.fab("db.wait", "--env=dev", "--timeout=2", "--json")
    assert done.code == 75 and done.document["exit_code"] == 75
    error = done.document["error"]
    assert "DATABASE_URL not ready after 2 s: connection refused for" in error and "×); see that" in error
    assert error in done.err and PASSWORD not in done.out + done.err


def test_refused_credentials_are_77_long_before_the_deadline(project: Plain, postgresql: PostgreSQL) -> None:
    serve_a_release(project)
    configure(project, postgresql.url.replace(PASSWORD, "wrong-password"), DEPLOY_WAIT_TIMEOUT=600)
    done = project.fab("db.wait", "--env=dev")
    assert done.code == 77
    assert "refuses the credentials" in done.err and "28P01" in done.err and "correct the user" in done.err
    assert "wrong-password" not in done.out + done.err


@pytest.mark.parametrize("how", ["before any release", "with --fresh"])
def test_a_new_service_may_refuse_until_the_deadline(
    project: Plain, postgresql: PostgreSQL, how: str
) -> None:
    if how == "with --fresh":
        serve_a_release(project)
    configure(project, postgresql.url.replace(PASSWORD, "wrong"), DEPLOY_WAIT_TIMEOUT=7)
    done = project.fab("db.wait", "--env=dev", *(["--fresh"] if how == "with --fresh" else []))
    assert done.code == 77 and "after 7 s" in done.err


def test_what_can_never_be_asked_is_78(project: Plain) -> None:
    configure(project, "oracle://app@db/app")
    done = project.fab("db.wait", "--env=dev", "--json")
    assert done.code == 78
    assert "'oracle' is unknown" in done.err and "postgresql" in done.err and "tcp://host:port" in done.err


def test_what_the_wait_cannot_speak_passes_with_a_warning(project: Plain, postgresql: PostgreSQL) -> None:
    configure(project, postgresql.url.replace(f":{PASSWORD}", ""))
    warning = "local:: DATABASE_URL: reached, login not tried"
    done = project.fab("db.wait", "--env=dev", "--json")
    assert done.code == 0 and warning in done.document["notes"][0]
    assert warning in project.fab("db.wait", "--env=dev").err


def test_what_is_waited_for_is_said_every_ten_seconds_without_a_terminal(project: Plain) -> None:
    configure(project, f"tcp://127.0.0.1:{free_port()}", DEPLOY_WAIT_TIMEOUT=60)
    process = project.start("db.wait", "--env=dev")
    try:
        said(process, "DATABASE_URL: connection refused (")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_password_is_in_no_process_list_while_it_is_waited_for(project: Plain) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(project, f"postgres://app:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/app")
        process = project.start("db.wait", "--env=dev")
        silent.settimeout(30)
        with silent.accept()[0]:
            listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
            process.terminate()
            out, err = process.communicate(timeout=60)
    assert "db.wait" in listed.stdout and "import sys,json,zlib" in listed.stdout
    assert PASSWORD not in listed.stdout + out + err
    assert process.returncode == 130
