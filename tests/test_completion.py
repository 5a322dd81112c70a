"""What Tab offers: of tasks, options and their values, in real shells on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploytasks.commands.completion import Command, candidates
from deploytasks.commands.seen_releases import KEPT, remember, seen
from deploytasks.report import HostOutcome, Report

PROGRAM = Path(sys.executable).with_name("deploytasks")
RELEASES = ("20261124120000-abcdef0", "20261125120000-abcdef1")
TASKS = {
    "deploy": Command({"--env": "env", "-e": "env", "--limit": "limit", "--yes": ""}),
    "env.diff": Command({}),
}
CORE = Command({"--version": "", "--search-root": "search-root"})
VALUES = {"env": ["prod", "staging"], "limit": ["web1", "web2"], "env.diff 0": ["prod"]}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("fab ", ["deploy", "env.diff"], id="every task"),
        pytest.param("fab de", ["deploy"], id="the begin of a task"),
        pytest.param("fab --se", ["--search-root="], id="an option of the program, which takes a value"),
        pytest.param("fab deploy --y", ["--yes"], id="an option of the task"),
        pytest.param("fab deploy --env=s", ["--env=staging"], id="a value behind ="),
        pytest.param("fab deploy --env ", ["prod", "staging"], id="a value behind a blank"),
        pytest.param("fab deploy -e st", ["staging"], id="a value of a short option"),
        pytest.param("fab deploy --limit=web1,", ["--limit=web1,web2"], id="a list, without what is given"),
        pytest.param("fab env.diff ", ["prod"], id="a value without an option"),
        pytest.param("fab deploy --env='st", ["--env=staging"], id="within a quote"),
        pytest.param("fab deploy --env=prod de", ["deploy"], id="another task"),
        pytest.param("fab nosuch --", ["--search-root=", "--version"], id="no task"),
        pytest.param("", ["deploy", "env.diff"], id="nothing"),
    ],
)
def test_what_may_come_next(line: str, expected: list[str]) -> None:
    assert candidates(line, TASKS, CORE, lambda option, words: VALUES.get(option, [])) == expected


def test_releases_that_were_seen_are_offered_the_newest_first_and_not_for_ever(tmp_path: Path) -> None:
    process = {"XDG_CACHE_HOME": str(tmp_path)}
    for minute in range(KEPT + 1):
        one = f"202611251200{minute % 60:02}-abcdef0"
        remember(
            process, tmp_path, Report("deploy", "prod", release=one, hosts=(HostOutcome("a", "x", "ok"),))
        )
    found = seen(process, tmp_path, "prod")
    assert found[0] == "20261125120050-abcdef0" and len(found) == KEPT
    assert seen(process, tmp_path, "staging") == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two environments, of which one has an encrypted layer that must not be decrypted."""
    root = tmp_path / "project"
    (root / "environments").mkdir(parents=True)
    (root / "fabfile.py").write_text("from deploytasks import namespace\n\nns = namespace()\n")
    hosts = "DEPLOY_HOSTS='deploy@web1 deploy@web2:2222'\nDEPLOY_PATH=/srv/x\n"
    decrypt = f"DEPLOY_DECRYPT='touch {tmp_path}/seen {{file}}'\n"
    (root / "environments/staging.env").write_text(hosts + decrypt)
    (root / "environments/staging.secrets.env.age").write_text("x")
    (root / "environments/prod.env").write_text("DEPLOY_HOSTS=db\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in RELEASES:
        remember(os.environ, root, Report("deploy", "staging", release=name))
    return root


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, words: list[str], cwd: Path) -> None:
        path = f"{PROGRAM.parent}:{os.environ['PATH']}"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:  # the child
            os.chdir(cwd)
            os.execvpe(words[0], words, {**os.environ, "PATH": path, "TERM": "dumb", "HOME": str(cwd.parent)})
        self.text = ""

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def expect(self, text: str) -> None:
        """Read until the text has been shown; it is consumed."""
        end = time.monotonic() + 60
        while text not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.text += os.read(self.terminal, 65536).decode("utf-8", "replace")
        self.text = self.text.partition(text)[2]


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(deploytasks completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u; source <(deploytasks completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "deploytasks completion fish | source"),
}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, project: Path) -> Iterator[Terminal]:
    words, source = SHELLS[request.param]
    terminal = Terminal(words, project)
    terminal.type(f"{source}; echo rea''dy\n")
    terminal.expect("ready")
    yield terminal
    os.kill(terminal.pid, 9)
    os.waitpid(terminal.pid, 0)
    os.close(terminal.terminal)


def test_a_shell_completes_tasks_options_and_values(shell: Terminal, project: Path) -> None:
    for typed, shown in (
        ("fab depl\t", "deploy "),
        ("--env=sta\t", "staging"),
        (" --limit=deploy@web2\t", ":2222"),
        (" --sk\t", "ip="),
        ("post\t", "install"),
    ):
        shell.type(typed)
        shell.expect(shown)
    assert not (project.parent / "seen").exists()


def test_a_release_to_go_back_to_is_known_without_asking_a_host(project: Path) -> None:
    words = [PROGRAM, "--complete", "--", "fab rollback --env=staging --to="]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"--to={name}" for name in reversed(RELEASES)]


def test_the_executable_works_where_there_is_no_fabfile(tmp_path: Path) -> None:
    done = subprocess.run([PROGRAM, "init"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "wrote fabfile.py" in done.stdout and (tmp_path / "environments/prod.env").exists()


def test_a_fabfile_that_was_asked_for_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = subprocess.run([PROGRAM, "-c", "nosuch", "--list"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "nosuch" in done.stderr + done.stdout
