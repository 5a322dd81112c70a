"""gunicorn and HUP: README's recipe moves code, packages and settings; a plain HUP keeps the old, and is found out."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.project import Plain
from tests.release.test_django import ask
from tests.rig import free_port, wait_until

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
APP = """\
import os
from pathlib import Path

import lib

RELEASE = Path(__file__).resolve().parent.name


def app(environ, start_response):
    start_response("200 OK", [])
    return [f"{RELEASE} {lib.TEXT} {os.environ['GREETING']}".encode()]
"""


def recipe() -> str:
    """The gunicorn.conf.py of README."""
    [block] = re.findall(r"(?:^ {4}.*\n|^\n)+(?=\n?`/etc/systemd)", README, re.MULTILINE)
    return re.sub("^ {4}", "", block, flags=re.MULTILINE)


def exec_start(root: Path) -> str:
    """How README's unit starts gunicorn, for a DEPLOY_PATH `root` and our application."""
    [line] = re.findall("ExecStart=(.*)", README)
    return str(line).replace("/srv/blog", str(root)).replace("blog.wsgi", "app:app")


class Served:
    """The project on this machine, served by gunicorn."""

    def __init__(self, project: Plain) -> None:
        self.project, self.port = project, free_port()
        self.root = project.root / ".deploy/dev"
        project.write("app.py", APP)
        project.write("requirements.txt", "gunicorn==23.0.0\n./vendor/lib\n")
        project.commit()

    def configure(self, start: str, greeting: str) -> None:
        """DEPLOY_RESTART does what `systemctl reload-or-restart` does: HUP for a gunicorn that runs, else a start."""
        daemon = f"{start} --daemon --pid {self.pid_file} --bind 127.0.0.1:{self.port}"
        self.project.environment(
            "dev",
            DEPLOY_HOSTS="local:",
            DEPLOY_PATH=".deploy/dev",
            DEPLOY_SHARED_DIRS="run",
            DEPLOY_RESTART=f"if [ -e {self.pid_file} ]; then kill -HUP $(cat {self.pid_file}); else {daemon}; fi",
            DEPLOY_HEALTH_URL=f"http://127.0.0.1:{self.port}/",
            DEPLOY_HEALTH_EXPECT="{release}",
            DEPLOY_HEALTH_TIMEOUT="3",
            GREETING=greeting,
        )

    @property
    def pid_file(self) -> Path:
        return self.root / "shared/run/gunicorn.pid"

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def stop(self) -> None:
        if self.pid_file.exists():
            os.kill(self.pid, signal.SIGTERM)
            wait_until(lambda: not self.pid_file.exists(), "gunicorn ends")


@pytest.fixture
def served(project: Plain) -> Iterator[Served]:
    made = Served(project)
    try:
        yield made
    finally:
        made.stop()


def test_the_recipe_moves_code_packages_and_settings_by_hup_and_back(served: Served) -> None:
    served.project.write("gunicorn.conf.py", recipe())
    served.project.commit()
    served.configure(exec_start(served.root), "hello")
    first = served.project.deploy("dev")
    pid = served.pid
    assert ask(served.port) == f"{first} one hello"
    served.project.lib_says("two")
    served.configure(exec_start(served.root), "good night")
    second = served.project.deploy("dev")
    assert ask(served.port) == f"{second} two good night"
    back = served.project.fab("rollback", "--env=dev")
    assert back.code == 0, back.err
    assert ask(served.port) == f"{first} one hello"
    assert served.pid == pid


def test_a_plain_hup_keeps_the_old_directory_and_verify_finds_it_out(served: Served) -> None:
    start = "gunicorn --chdir $PWD app:app"
    served.configure(start, "hello")
    first = served.project.deploy("dev")
    served.configure(start, "good night")
    failed = served.project.fab("deploy", "--env=dev")
    assert failed.code == 1
    assert re.search(r"verify: .* answered 200 without '\d{14}-[0-9a-f]{7}' after 3 s", failed.err)
    assert os.path.basename(os.readlink(served.root / "current")) == first
    assert ask(served.port) == f"{first} one hello"
