"""`fab demo`: a Django project with a private package, deployed, changed, redeployed and rolled back here."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from invoke.tasks import task

from deploytasks.errors import OK, PENDING, StepFailed, UsageError
from deploytasks.tasks.entry import entry
from examples.building import Project, local_environment, make_project

OLD = "this text comes from a private package"
NEW = "the private package has changed"


@task(
    help={
        "directory": "empty directory to make it in (default: a new one below the system's temporary directory)",
        "serve": "leave the server running at the end",
    }
)
@entry("demo")
def demo(c: Any, directory: str = "", serve: bool = False) -> None:
    """Deploy, change, redeploy and roll back a Django project with a private package, on this machine."""
    place = empty_directory(directory)
    say(f"A Django project whose private package is a git submodule: {place / 'blog'}")
    port = free_port()
    stage = Stage(make_project(place, {"dev": local_environment("dev", port)}), port)
    with stage.served(leave=serve):
        tell(stage)
    farewell(stage, serve)


@dataclass(frozen=True)
class Stage:
    """The project, and where it is served."""

    project: Project
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def run(self, line: str, *, where: Path | None = None, expect: int = OK) -> None:
        """Print a command, run it as a user would, and stop the demo unless it exits with `expect`."""
        place = where or self.project.root
        print(f"\n{place.name}$ {line}", flush=True)
        program, *words = shlex.split(line)
        beside = Path(sys.executable).with_name(program)
        code = subprocess.run(
            [beside if beside.exists() else program, *words], cwd=place, check=False
        ).returncode
        if code != expect:
            raise StepFailed(
                f"demo: `{line}` ended with exit code {code}, not {expect}; see its last lines above"
            )

    def shows(self, text: str) -> None:
        """Ask the running site for its page; it shows `text`, and the release that answers is the one of `current`."""
        page, release = self.ask(""), self.ask("health")
        current = (self.project.root / ".deploy/dev/current").resolve().name
        heading = page.partition("<h1>")[2].partition("</h1>")[0]
        print(f"\n{self.url} shows: {heading}   (release {release})", flush=True)
        if text not in heading or release != current:
            raise StepFailed(
                f"demo: expected {text!r} of release {current}; see .deploy/dev/current/run/gunicorn.log"
            )

    def ask(self, path: str) -> str:
        """The body of one page, asked without a proxy."""
        import urllib.request

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url + path, timeout=30) as answer:
                return str(answer.read().decode())
        except OSError as error:
            raise StepFailed(
                f"demo: {self.url}{path}: {error}; see .deploy/dev/current/run/gunicorn.log"
            ) from error

    @contextmanager
    def served(self, *, leave: bool) -> Iterator[None]:
        """The server, which a deploy starts, is ended on the way out unless it is to be left after a good end."""
        good = False
        try:
            yield
            good = True
        finally:
            if not (good and leave) and (self.project.root / ".deploy/dev/current").exists():
                self.run("fab run --env=dev './serve stop'")


def tell(stage: Stage) -> None:
    """The story, as a user would type it."""
    say("Deploy it: its private package is built here and shipped; the host needs no access to a git server.")
    stage.run("fab deploy --env=dev")
    stage.shows(OLD)

    say("The private package changes in its own repository.")
    stage.project.write_greeting(NEW)
    print("edited greeting/src/greeting/message.py", flush=True)
    stage.run(f"git commit --all --quiet --message 'Say: {NEW}'", where=stage.project.greeting)
    stage.run("git push --quiet", where=stage.project.greeting)

    say("The project takes it over: its pin moves, by a commit of its own.")
    stage.run("inv vendor.update --remote --commit")
    stage.run("git push --quiet")

    say("See what a deploy would change (exit code 10: changes are pending), then deploy again.")
    stage.run("fab plan --env=dev", expect=PENDING)
    stage.run("fab deploy --env=dev")
    stage.shows(NEW)
    stage.run("fab releases --env=dev")

    say("Roll back: code, packages and settings of the release before.")
    stage.run("fab rollback --env=dev")
    stage.shows(OLD)
    stage.run("fab releases --env=dev")


def farewell(stage: Stage, serving: bool) -> None:
    """Where to go on."""
    then = "`fab run --env=dev './serve stop'` ends it" if serving else "the next deploy starts it again"
    say("Go on playing:")
    print(f"""
    cd {shlex.quote(str(stage.project.root))}
    PATH={Path(sys.executable).parent}:$PATH
    fab --list
    fab deploy --env=dev

The site is {stage.url}; {then}.""")


def say(text: str) -> None:
    print(f"\n## {text}", flush=True)


def empty_directory(name: str) -> Path:
    """The directory to play in, new or empty; UsageError for one that holds something."""
    if not name:
        return Path(tempfile.mkdtemp(prefix="deploytasks-demo-")).resolve()
    place = Path(name).resolve()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"--directory: {place} is not an empty directory; name another")
    return place


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
