"""Printing is a side effect: a reader that goes away, a full disk or a closed stream changes nothing but the output."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from deploytasks import DEFAULT
from tests.release.project import BIN, Plain
from tests.release.site import Site

TEXT_TASKS = (
    ("deploy",),
    ("rollback",),
    ("plan",),
    ("check",),
    ("status",),
    ("releases",),
    ("logs",),
    ("run", "true"),
    ("run", "exit 7"),
    ("prune",),
    ("postinstall",),
    ("lock", "--message=frozen"),
    ("unlock", "--yes"),
    ("db.wait",),
    ("env.list",),
    ("env.show",),
    ("env.check",),
    ("env.diff", "dev", "dev"),
    ("env.explain", "DEPLOY_HOSTS"),
    ("vendor.status",),
    ("vendor.check",),
    ("vendor.outdated",),
    ("vendor.diff",),
)
"""Tasks that print, in an order in which each has something to do."""
WITHOUT_ENV = ("env.list", "env.diff", "vendor.status", "vendor.outdated", "vendor.diff")


STEPS = [name for name in DEFAULT.names if name not in ("start", "verify", "stop")]
"""Those that print without a health URL and without processes."""


def read_until(site: Site, text: str | None, *words: str) -> int:
    """Run fab with one pipe for all that it prints, whose reader goes away
    with the first line that holds `text` (None: before there is any); the exit code.
    """
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [BIN / "fab", *words, "--env=staging"],
        cwd=site.project.root,
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        if text is not None:
            assert any(text in line for line in lines), f"no line with {text}"
    return process.wait(120)


def configure(site: Site) -> None:
    """Two hosts, every step with something to do."""
    site.configure(
        "host1",
        "host2",
        DEPLOY_MIGRATE="echo migrates",
        DEPLOY_RESTART="echo restarts",
        DEPLOY_WAIT_FOR="CACHE",
        CACHE=f"tcp://{site.farm.hosts[0].address}:{site.farm.hosts[0].port}",
        DEPLOY_VENDOR_INSTALL="path",
        DEPLOY_BACKUP='echo rows > "$DEPLOYTASKS_BACKUP"',
    )


@pytest.mark.parametrize("step", [None, *STEPS, "host1"], ids=lambda step: step or "before the start")
def test_a_deploy_goes_on_when_the_reader_goes_away_at_a_step(staging: Site, step: str | None) -> None:
    configure(staging)
    before = staging.project.deploy()
    staging.project.write("page.txt", "second\n")
    staging.project.commit()
    assert read_until(staging, step, "deploy") == 0
    served = set(staging.currents()[:2])
    assert len(served) == 1 and served != {before}
    assert staging.unlocked()


@pytest.mark.parametrize("step", ["check", "postinstall"])
def test_a_deploy_that_fails_is_undone_and_told_when_nobody_reads(staging: Site, step: str) -> None:
    configure(staging)
    before = staging.project.deploy()
    staging.project.write("fail-host2", "")
    staging.project.commit()
    assert read_until(staging, step, "deploy") == 1
    assert staging.currents()[:2] == [before] * 2
    assert staging.unlocked()


@pytest.mark.parametrize("text", [None, "publish"], ids=["before the start", "publish"])
def test_a_rollback_goes_on_when_the_reader_goes_away(staging: Site, text: str | None) -> None:
    configure(staging)
    before = staging.project.deploy()
    staging.project.deploy()
    assert read_until(staging, text, "rollback") == 0
    assert staging.currents()[:2] == [before] * 2


def in_shell(project: Plain, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell line that calls fab."""
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=project.root,
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        check=False,
        timeout=120,
    )


NOWHERE = {
    "a full disk": ">/dev/full 2>&1",
    "closed streams": ">&- 2>&-",
    "everything closed": "<&- >&- 2>&-",
    "closed stderr": "2>&-",
}


def endings(project: Plain, tasks: Iterable[tuple[str, ...]], nowhere: str) -> dict[str, int]:
    """The exit codes of tasks in `dev` whose output goes nowhere."""
    project.environment(
        "dev",
        DEPLOY_HOSTS="local:",
        DEPLOY_PATH=".deploy/dev",
        DEPLOY_LOGS="./postinstall",
        DEPLOY_WAIT_FOR="",
    )
    project.deploy("dev")
    codes = {}
    for task in tasks:
        words = ["fab", *task, *(["--env=dev"] if task[0] not in WITHOUT_ENV else [])]
        codes[" ".join(task)] = in_shell(project, f"{shlex.join(words)} {nowhere}").returncode
    return codes


def test_every_task_ends_as_if_it_had_been_read(local: Plain) -> None:
    expected = {" ".join(task): 0 for task in TEXT_TASKS}
    assert endings(local, TEXT_TASKS, "2>&1 | true") == {**expected, "run exit 7": 7}


@pytest.mark.parametrize("nowhere", NOWHERE.values(), ids=NOWHERE)
def test_a_task_ends_as_if_it_had_been_read_wherever_its_output_goes(local: Plain, nowhere: str) -> None:
    tasks = (("deploy",), ("rollback",), ("run", "exit 7"), ("env.show",))
    assert endings(local, tasks, nowhere) == {"deploy": 0, "rollback": 0, "run exit 7": 7, "env.show": 0}


@pytest.mark.parametrize("nowhere", [">/dev/full", ">&-", "| true"])
def test_a_document_that_cannot_be_written_is_exit_code_74(local: Plain, nowhere: str) -> None:
    codes = [
        in_shell(local, f"fab {task} --env=dev --json {nowhere}").returncode for task in ("deploy", "status")
    ]
    assert (local.root / ".deploy/dev/current").exists()
    assert codes == [74, 74]
    assert in_shell(local, f"fab vendor.status --json {nowhere}").returncode == 74


def test_a_document_that_cannot_be_written_does_not_hide_a_failure(local: Plain) -> None:
    assert in_shell(local, "fab deploy --env=dev --revision=nosuch --json >/dev/full").returncode == 2


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}],
    ids=str,
)
def test_a_terminal_that_cannot_show_a_character_changes_nothing(local: Plain, env: dict[str, str]) -> None:
    name = os.fsdecode(b"na\xc3\xafve-\xff.txt")
    local.deploy("dev")
    (local.root / name).write_text("x")
    local.commit("Add → and …")
    planned = in_shell(local, "fab plan --env=dev", **env)
    assert planned.returncode == 10 and b"page" not in planned.stderr, planned.stderr
    document = json.loads(in_shell(local, "fab deploy --env=dev --json", **env).stdout)
    assert document["outcome"] == "ok"


def test_a_nonblocking_pipe_that_is_full_for_a_while_loses_nothing(local: Plain, tmp_path: Path) -> None:
    local.deploy("dev")
    script = """
import os, subprocess, sys, time
reader, writer = os.pipe()
os.set_blocking(writer, False)
words = [sys.argv[1], "run", "seq 1 40000", "--env=dev"]
process = subprocess.Popen(words, stdout=writer)
os.close(writer)
time.sleep(1)
text = os.fdopen(reader).read()
assert process.wait() == 0
assert text.split()[1::2] == [str(number) for number in range(1, 40001)]
"""
    line = f"python -c '{script}' fab"
    done = in_shell(local, line)
    assert done.returncode == 0, done.stderr
