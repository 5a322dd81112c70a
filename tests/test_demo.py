"""The demo is a user's own story: only public commands, real pages, and it fails when a page differs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from demo import NEW, OLD, Stage
from deploytasks.errors import StepFailed
from tests.project import Project, git

REPOSITORY = Path(__file__).resolve().parent.parent
RELEASE = "20260101000000-abcdef0"


def fab(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """fab of this interpreter's environment, for a user who has no git configuration."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        [Path(sys.executable).with_name("fab"), *words],
        cwd=REPOSITORY,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_the_demo_shows_the_old_the_new_and_the_old_page_again(tmp_path: Path) -> None:
    place = tmp_path / "a place to play"
    done = fab("demo", f"--directory={place}", home=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    shown = [line.partition(" shows: ")[2].partition("   (")[0] for line in lines if " shows: " in line]
    assert shown == [f"Welcome: {OLD}", f"Welcome: {NEW}", f"Welcome: {OLD}"]
    assert [line.partition("blog$ ")[2] for line in lines if line.startswith("blog$ ")] == [
        "fab deploy --env=dev",
        "inv vendor.update --remote --commit",
        "git push --quiet",
        "fab plan --env=dev",
        "fab deploy --env=dev",
        "fab releases --env=dev",
        "fab rollback --env=dev",
        "fab releases --env=dev",
        "fab run --env=dev './serve stop'",
    ]
    assert f"cd '{place / 'blog'}'" in done.stdout
    assert not (place / "blog/.deploy/dev/shared/run/gunicorn.pid").exists()
    assert git(place / "blog", "status", "--porcelain") == ""


def test_the_demo_refuses_a_directory_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")
    done = fab("demo", f"--directory={tmp_path}", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"--directory: {tmp_path} is not an empty directory; name another\n"


class Page(BaseHTTPRequestHandler):
    """The old page, of RELEASE."""

    def do_GET(self) -> None:
        body = RELEASE if self.path == "/health" else f"<h1>Welcome: {OLD}</h1>"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A project whose `current` is RELEASE and whose site shows the old page."""
    deployed = tmp_path / "blog/.deploy/dev"
    (deployed / "releases" / RELEASE).mkdir(parents=True)
    (deployed / "current").symlink_to(f"releases/{RELEASE}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        yield Stage(
            Project(tmp_path / "blog", tmp_path / "greeting", tmp_path / "remotes"), server.server_port
        )
        server.shutdown()


def test_a_page_with_another_text_ends_the_demo(stage: Stage) -> None:
    stage.shows(OLD)
    with pytest.raises(StepFailed, match="expected 'the private package has changed'"):
        stage.shows(NEW)


def test_a_page_of_another_release_than_current_ends_the_demo(stage: Stage) -> None:
    deployed = stage.project.root / ".deploy/dev"
    (deployed / "releases/20260102000000-abcdef0").mkdir()
    (deployed / "current").unlink()
    (deployed / "current").symlink_to("releases/20260102000000-abcdef0")
    with pytest.raises(StepFailed, match="of release 20260102000000-abcdef0"):
        stage.shows(OLD)


def test_a_command_that_fails_ends_the_demo(stage: Stage) -> None:
    with pytest.raises(StepFailed, match="`false` ended with exit code 1, not 0"):
        stage.run("false")
