"""Processes on real machines: started beside the old ones, verified before they serve, gone back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.machine import Machine
from tests.machines.rack import Rack
from tests.release.project import Plain, make_plain
from tests.rig import wait_until

APPLICATION = """\
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [(os.environ["DEPLOYTASKS_RELEASE"] + " " + os.environ["GREETING"]).encode()]
"""
PROCFILE = """\
# what runs
web: gunicorn application:application --bind unix:$SOCKET --workers 1
worker: LOUD=yes python -u worker.py
"""
WORKER = "import time\nwhile True:\n    time.sleep(1)\n"
ASKED = "curl -sS --unix-socket ~/shop/current/.run/web.sock http://shop/"
UNITS = "systemctl --user list-units --plain --no-legend 'app-staging-*@*' | cut -d' ' -f1"


@pytest.fixture(name="web", scope="module")
def machine(rack: Rack) -> Machine:
    web = rack.start("web1", "curl", with_registries=True)
    web.run("loginctl enable-linger deploy")
    return web


@pytest.fixture(name="project")
def deployed(rack: Rack, web: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = make_plain(tmp_path)
    for path, text in (("application.py", APPLICATION), ("Procfile", PROCFILE), ("worker.py", WORKER)):
        project.write(path, text)
    project.write("requirements.txt", "gunicorn\n")
    project.commit()
    write_environment(project, rack, GREETING="one")
    yield project
    web.run("systemctl --user stop 'app-staging-*'; rm -rf .config/systemd", user="deploy")
    web.run('cd /home/deploy && if [ -e shop ]; then mv shop "$(mktemp -d)"; fi')


def write_environment(project: Plain, rack: Rack, **keys: str) -> None:
    known = {
        "DEPLOY_HOSTS": "web1",
        "DEPLOY_SSH_CONFIG": rack.ssh_config,
        "DEPLOY_PATH": "/home/deploy/shop",
        "DEPLOY_PROCESSES": "web worker=2",
        "DEPLOY_HEALTH_EXPECT": "{release}",
        "DEPLOY_HEALTH_SETTLE": "1",
    }
    project.environment("staging", **{**known, **keys})


def test_a_release_is_verified_before_it_serves_and_gone_back_to(
    rack: Rack, web: Machine, project: Plain
) -> None:
    first = project.deploy()
    assert rack.login(web, ASKED) == f"{first} one"
    write_environment(project, rack, GREETING="two")
    second = project.deploy()
    assert rack.login(web, ASKED) == f"{second} two"
    running = ["web@{}", "worker@{}.1", "worker@{}.2"]
    assert rack.login(web, UNITS).split() == [f"app-staging-{one.format(second)}.service" for one in running]
    pids = web.run("pgrep -u deploy -f worker.py; pgrep -u deploy gunicorn")
    project.write("application.py", "import nothing_of_that_name\n")
    project.commit()
    broken = project.fab("deploy", "--env=staging")
    assert broken.code == 1
    assert "No module named 'nothing_of_that_name'" in broken.err + broken.out
    assert rack.login(web, ASKED) == f"{second} two"
    assert web.run("pgrep -u deploy -f worker.py; pgrep -u deploy gunicorn") == pids
    assert rack.login(web, UNITS).split() == [f"app-staging-{one.format(second)}.service" for one in running]
    done = project.fab("rollback", "--env=staging")
    assert done.code == 0, done.err
    assert rack.login(web, ASKED) == f"{first} one"
    assert rack.login(web, UNITS).split() == [f"app-staging-{one.format(first)}.service" for one in running]
    web.reboot()
    wait_until(
        lambda: web.attempt(ASKED, user="deploy").stdout == f"{first} one", "it runs after a reboot", 60
    )
    assert rack.login(web, UNITS).split() == [f"app-staging-{one.format(first)}.service" for one in running]


def test_a_check_finds_what_processes_lack(rack: Rack, web: Machine, project: Plain) -> None:
    write_environment(project, rack, DEPLOY_PROCESSES="web=2 mail")
    web.run("loginctl disable-linger deploy")
    try:
        found = project.fab("check", "--env=staging")
    finally:
        web.run("loginctl enable-linger deploy")
    assert found.code == 1
    assert "Procfile: has no process mail, which DEPLOY_PROCESSES names; it has web, worker" in found.err
    assert "`loginctl enable-linger deploy` there, as root" in found.err


def test_ps_shows_what_runs_and_ends_with_6_when_one_does_not(
    rack: Rack, web: Machine, project: Plain
) -> None:
    release = project.deploy()
    found = project.fab("ps", "--env=staging", "--json")
    assert found.code == 0, found.err
    rows = {one["process"]: (one["release"], one["state"]) for one in found.document["processes"]}
    assert rows == dict.fromkeys(("web", "worker.1", "worker.2"), (release, "active"))
    unit = f"app-staging-worker@{release}.2.service"
    web.run(f"systemctl --user stop {unit}", user="deploy")
    missing = project.fab("ps", "--env=staging")
    assert missing.code == 6
    assert f"web1: {unit} does not run" in missing.err


def test_a_worker_that_ends_after_the_switch_takes_the_release_back(
    rack: Rack, web: Machine, project: Plain
) -> None:
    project.write("application.py", "import nothing_of_that_name\n")
    project.commit()
    write_environment(project, rack, DEPLOY_HEALTH_TIMEOUT="5")
    assert project.fab("deploy", "--env=staging").code == 1
    assert rack.login(web, UNITS) == ""
    project.write("application.py", APPLICATION)
    project.commit()
    write_environment(project, rack, GREETING="one")
    first = project.deploy()
    pids = web.run("pgrep -u deploy gunicorn")
    project.write("worker.py", "import nothing_of_that_name\n")
    project.commit()
    broken = project.fab("deploy", "--env=staging")
    assert broken.code == 1, broken.err
    assert "No module named 'nothing_of_that_name'" in broken.err + broken.out
    assert rack.login(web, ASKED) == f"{first} one"
    assert web.run("pgrep -u deploy gunicorn") == pids
    units = [f"app-staging-{one.format(first)}.service" for one in ("web@{}", "worker@{}.1", "worker@{}.2")]
    assert rack.login(web, UNITS).split() == units
