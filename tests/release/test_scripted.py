"""Scripted releases: a Python script that only imports, and a shell script that only reads exit codes and JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.project import BIN, Plain

SCRIPT = """
from deploytasks import DEFAULT, execute, load_environment, plan_deploy, rollback, status

environment = load_environment("dev")
first = execute(plan_deploy(environment, recipe=DEFAULT))
second = execute(plan_deploy(environment))
assert first.exit_code == second.exit_code == 0, (first.error, second.error)
assert status(environment).release == second.release
back = rollback(environment)
assert back.exit_code == 0 and status(environment).release == first.release
"""

WATCHED = """
from deploytasks import (
    Environment, Host, Options, Plan, Report, Result, Settings, Silent, SshOptions,
    execute, load_environment, plan_deploy, rollback, status,
)

class Watcher(Silent):
    steps: list[str] = []

    def finished(self, step: str, host: str, result: Result) -> None:
        self.steps.append(step)

patient, own = Options(wait_lock=5), SshOptions(connect_timeout=5)
environment: Environment = load_environment("dev")
settings: Settings = environment.settings
host: Host = environment.primary
plan: Plan = plan_deploy(environment, options=patient, ssh=own)
for _ in range(2):
    report: Report = execute(plan, observer=Watcher())
    assert report.exit_code == 0, report.error
assert Watcher.steps.count("publish") == 2, Watcher.steps
assert rollback(environment, options=patient, ssh=own, observer=Watcher()).exit_code == 0
assert status(environment, ssh=own).hosts[0].host == host.name
assert (settings.keep_releases, host.is_local) == (5, True)
"""

SHELL = """
set -e
release=$(fab deploy --env=dev --json 2>log | python -c 'import json, sys; print(json.load(sys.stdin)["release"])')
fab status --env=dev --json >status.json 2>>log
python -c 'import json, sys; assert json.load(open("status.json"))["release"] == sys.argv[1]' "$release"
code=0; fab plan --env=dev --json >plan.json || code=$?
test $code -eq 0
git commit --quiet --allow-empty -m more
code=0; fab plan --env=dev --json >plan.json || code=$?
test $code -eq 10
code=0; fab deploy --env=nosuch --json >refused.json 2>>log || code=$?
test $code -eq 2
python -c 'import json; assert json.load(open("refused.json"))["exit_code"] == 2'
"""

KEYS = {
    "schema",
    "command",
    "environment",
    "revision",
    "release",
    "outcome",
    "exit_code",
    "error",
    "hosts",
    "steps",
}


@pytest.mark.parametrize(
    "script", [SCRIPT, WATCHED], ids=["plain", "with an observer and options of its own"]
)
def test_a_python_script_that_only_imports_releases_and_rolls_back_silently(
    local: Plain, script: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=local.root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_shell_script_that_reads_exit_codes_and_json_releases(local: Plain) -> None:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", SHELL], cwd=local.root, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_json_has_the_documented_keys_and_nothing_else_is_on_stdout(local: Plain) -> None:
    for words in (["deploy"], ["status"], ["plan"], ["releases"], ["deploy"], ["rollback"]):
        document = local.fab(*words, "--env=dev", "--json").document
        assert set(document) >= KEYS, words
        assert document["schema"] == 1 and document["environment"] == "dev"
    assert json.dumps(document)


def test_fab_and_inv_list_the_same_tasks(local: Plain) -> None:
    listed = [local.run(program, "--list").out for program in ("fab", "inv")]
    assert listed[0] == listed[1]
    for name in (
        "deploy",
        "plan",
        "rollback",
        "releases",
        "status",
        "check",
        "unlock",
        "lock",
        "prune",
        "postinstall",
        "run",
        "db.wait",
        "vendor.update",
        "vendor.status",
        "env.show",
        "env.list",
        "init",
    ):
        assert f"  {name}" in listed[0]


def test_nothing_of_the_callers_shell_reaches_a_step_on_this_machine(local: Plain, tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    shell = {"VIRTUAL_ENV": str(tmp_path), "PATH": f"{tmp_path}/bin:.:{os.environ['PATH']}", "LEAK": "leak"}
    local.deploy("dev")
    said = local.fab("run", 'echo "<$VIRTUAL_ENV$LEAK> $PATH"', "--env=dev", **shell).out
    assert "<>" in said and str(tmp_path / "bin") not in said and ":.:" not in said


def test_run_passes_the_exit_code_on_and_has_the_environment(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", GREETING="hello")
    local.deploy("dev")
    done = local.fab("run", 'echo "$GREETING from $(basename "$(pwd -P)")"; exit 7', "--env=dev")
    assert done.code == 7
    assert "hello from 20" in done.out
