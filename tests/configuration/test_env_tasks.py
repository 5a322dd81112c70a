"""env.list, env.show, env.check, env.diff and env.explain, as people and scripts run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from .conftest import Host, Project

PACKAGE = Path(__file__).parent.parent.parent
FABFILE = "from deploytasks import namespace\n\nns = namespace()\n"
SECRET = "hunter2-hunter2-hunter2"


@pytest.fixture
def shop(project: Project) -> Project:
    """Three environments: staging and prod share a secret, prod has one more layer."""
    (project.root / "fabfile.py").write_text(FABFILE, "utf-8")
    (project.root / "tasks.py").write_text("from fabfile import ns  # noqa: F401\n", "utf-8")
    project.write("dev.env", "DEPLOY_HOSTS=local:\nDEPLOY_PATH=.deploy/dev\nDEBUG=yes\nWORKERS=2\n")
    project.write(
        "staging.env", f"DEBUG=no\nWORKERS=two\nSECRET_KEY={SECRET}\nDATABASE_URL=postgres://u:{SECRET}@a/b\n"
    )
    project.write("prod.env", f"DEBUG=no\nSECRET_KEY=old-{SECRET}\nWORKERS=8\nMOTD='a\nb'\n")
    project.write("prod.local.env", f"SECRET_KEY={SECRET}\nDATABASE_URL=postgres://u:{SECRET}@b/b\n")
    return project


def run(
    project: Project, *words: str, program: str = "invoke", **process: str
) -> subprocess.CompletedProcess[str]:
    """Run `inv` (or `fab`) in the project; whatever it prints, no secret is in it and no host was contacted."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PACKAGE),
        "XDG_CACHE_HOME": str(project.root / "cache"),
        **process,
    }
    start = (sys.executable, "-c", f"from {program}.main import program; program.run()")
    done = subprocess.run(
        (*start, *words), cwd=project.root, env=environment, capture_output=True, text=True, check=False
    )
    assert "hunter" not in done.stdout + done.stderr
    assert not project.host.was_contacted()
    return done


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was printed, columns set apart by two spaces, fingerprints by their place."""
    assert (done.returncode, done.stderr) == (0, "")
    return [re.sub(r"[0-9a-f]{8}>", "#>", re.sub(r" {2,}", "  ", line)) for line in done.stdout.splitlines()]


def document(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, found["schema"], found["exit_code"]) == (code, 1, code)
    return found


def test_list_names_every_environment_with_its_hosts(shop: Project) -> None:
    assert lines(run(shop, "env.list")) == [
        "dev  local:  .deploy/dev",
        f"prod  {shop.host.name}  /srv/app",
        f"staging  {shop.host.name}  /srv/app",
    ]
    assert document(run(shop, "env.list", "--json"))["environments"][1] == {
        "environment": "prod",
        "hosts": [shop.host.name],
        "path": "/srv/app",
        "problems": 0,
    }


def test_show_prints_key_value_or_mask_and_origin(shop: Project) -> None:
    assert lines(run(shop, "env.show", "--env=prod")) == [
        f"DEPLOY_HOSTS  {shop.host.name}  environments/common.env:1",
        "DEPLOY_PATH  /srv/app  environments/common.env:2",
        "DATABASE_URL  <secret, 40 characters, #>  environments/prod.local.env:2",
        "DEBUG  no  environments/prod.env:1",
        r"MOTD  'a\nb'  environments/prod.env:4",
        "SECRET_KEY  <secret, 23 characters, #>  environments/prod.local.env:1",
        "WORKERS  8  environments/prod.env:3",
    ]


def test_show_masks_a_value_that_holds_a_secret_of_another_key_too(shop: Project) -> None:
    shop.write("staging.env", f"SECRET_KEY={SECRET}\nMOTD=x-{SECRET}\nDEPLOY_RESTART='load {SECRET}'\nA=1\n")
    shown = {line.split()[0]: line for line in run(shop, "env.show", "--env=staging").stdout.splitlines()}
    assert "<secret, 25 characters, " in shown["MOTD"]
    assert "<secret, 28 characters, " in shown["DEPLOY_RESTART"]
    assert shown["DEPLOY_PATH"].split()[1] == "/srv/app" and shown["A"].split()[1] == "1"


def test_show_tells_the_same_as_json(shop: Project) -> None:
    found = document(run(shop, "env.show", "--env=prod", "--json"))
    keys = {key.pop("key"): key for key in found["keys"]}
    assert (found["command"], found["environment"], found["outcome"]) == ("env.show", "prod", "ok")
    assert keys["DEBUG"] == {
        "value": "no",
        "secret": None,
        "origin": "environments/prod.env:1",
        "type": "boolean",
    }
    assert keys["SECRET_KEY"]["value"] is None
    assert keys["SECRET_KEY"]["secret"]["length"] == 23


def test_show_says_what_was_taken_from_the_process(shop: Project) -> None:
    shop.write("staging.env", "DEPLOY_FROM_PROCESS=SECRET_KEY\n")
    assert (
        lines(run(shop, "env.show", "--env=staging", SECRET_KEY=SECRET))[-1]
        == "SECRET_KEY  <secret, 23 characters, #>  process"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("env.show", "--env=prod"),
        ("env.diff", "prod", "staging"),
        ("deploy", "--env=prod"),
        ("plan", "--env=prod"),
        ("rollback", "--env=prod"),
        ("status", "--env=prod"),
        ("check", "--env=prod"),
    ],
)
def test_a_bad_environment_ends_every_command_with_exit_code_2_and_no_contact(
    shop: Project, words: Sequence[str]
) -> None:
    shop.write("prod.env", f"A='{SECRET}\nDEPLOY_BATCH=0\nSECRET_KEY='{SECRET}'\n")
    shop.write("prod.local.env", f"hunter2\nDEPLOY_BATHC={SECRET}\n")
    done = run(shop, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        (
            "environments/prod.env:1: A cannot be read, and with it DEPLOY_BATCH, SECRET_KEY; "
            "close the quote, and write nothing behind it"
        ),
        (
            "environments/prod.local.env:1: has no `=`; write NAME=value, NAME= for an empty value, "
            "and a value of several lines in quotes"
        ),
        "environments/prod.local.env:2: DEPLOY_BATHC is unknown; did you mean DEPLOY_BATCH?",
    ]


def test_a_bad_environment_is_one_document_with_json(shop: Project) -> None:
    shop.write("prod.env", "DEPLOY_BATCH=0\n")
    found = document(run(shop, "deploy", "--env=prod", "--json"), 2)
    assert found["error"] == (
        "environments/prod.env:1: DEPLOY_BATCH is no size of a batch; write a number from 1 up, "
        "a percentage such as 25%, or all"
    )


def test_a_missing_environment_is_answered_with_those_that_exist(shop: Project) -> None:
    done = run(shop, "env.show", "--env=production")
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "environments/production.env: does not exist; use one of dev, prod, staging\n",
    )


def test_check_looks_at_every_environment_and_at_files_that_nobody_reads(shop: Project) -> None:
    shop.write("staging.env", "DEPLOY_BATCH=0\nDB_PASSWORD=abc\n")
    shop.write("porduction.local.env", "A=1\n")
    done = run(shop, "env.check")
    assert (done.returncode, done.stdout) == (1, "dev: no problems\nprod: no problems\nstaging: 1 problem\n")
    assert done.stderr.splitlines() == [
        (
            "environments/staging.env:1: DEPLOY_BATCH is no size of a batch; write a number from 1 up, "
            "a percentage such as 25%, or all"
        ),
        (
            "warning: environments/staging.env:2: DB_PASSWORD is a secret of under 6 characters "
            "and masked only beside its name; take a longer one"
        ),
        "warning: environments/porduction.local.env:1: is read by no environment; rename it after one, or remove it",
    ]
    found = document(run(shop, "env.check", "--json"), 1)
    assert [len(one["problems"]) for one in found["environments"]] == [0, 0, 1]


def test_check_of_one_environment_leaves_the_others_alone(shop: Project) -> None:
    shop.write("staging.env", "DEPLOY_BATCH=0\n")
    assert lines(run(shop, "env.check", "--env=prod")) == ["prod: no problems"]


def test_diff_shows_missing_and_extra_keys_types_and_equal_secrets(shop: Project) -> None:
    assert lines(run(shop, "env.diff", "staging", "prod")) == [
        "value  DATABASE_URL  staging: <secret, 40 characters, #>, prod: <secret, 40 characters, #>",
        r"missing  MOTD  prod: 'a\nb'",
        "equal secret  SECRET_KEY  the same <secret, 23 characters, #> in staging and prod",
        "type  WORKERS  staging: two (text), prod: 8 (integer)",
    ]
    assert lines(run(shop, "env.diff", "prod", "staging"))[1] == r"extra  MOTD  prod: 'a\nb'"


def test_diff_tells_the_same_as_json(shop: Project) -> None:
    found = document(run(shop, "env.diff", "staging", "prod", "--json"))
    assert [(one["key"], one["difference"]) for one in found["differences"]] == [
        ("DATABASE_URL", "value"),
        ("MOTD", "missing"),
        ("SECRET_KEY", "equal secret"),
        ("WORKERS", "type"),
    ]


def test_diff_of_an_environment_with_itself_shows_its_secrets_as_equal_only(shop: Project) -> None:
    assert {line.partition("  ")[0] for line in lines(run(shop, "env.diff", "prod", "prod"))} == {
        "equal secret"
    }
    assert lines(run(shop, "env.diff", "dev", "dev")) == ["dev and dev do not differ"]


def test_explain_shows_the_winner_and_the_losers(shop: Project) -> None:
    assert lines(run(shop, "env.explain", "SECRET_KEY", "--env=prod")) == [
        "prod  wins  <secret, 23 characters, #>  environments/prod.local.env:1",
        "prod  loses  <secret, 27 characters, #>  environments/prod.env:2",
    ]
    assert lines(run(shop, "env.explain", "WORKERS")) == [
        "dev  wins  2  environments/dev.env:4",
        "prod  wins  8  environments/prod.env:3",
        "staging  wins  two  environments/staging.env:2",
    ]
    assert lines(run(shop, "env.explain", "MOTD", "--env=dev")) == ["dev  not set"]
    assert lines(run(shop, "env.explain", "DEPLOY_KEEP_RELEASES", "--env=dev")) == ["dev  wins  5  default"]


def test_explain_tells_the_same_as_json(shop: Project) -> None:
    found = document(run(shop, "env.explain", "SECRET_KEY", "--env=prod", "--json"))
    assert found["environments"][0]["winner"]["origin"] == "environments/prod.local.env:1"
    assert [one["origin"] for one in found["environments"][0]["losers"]] == ["environments/prod.env:2"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "DEPLOY_PARALEL",
            "DEPLOY_PARALEL: is no key of deploytasks; see the README, or did you mean DEPLOY_PARALLEL?\n",
        ),
        ("--nosuch", "--nosuch: is no name of a key; write e.g. `env.explain DATABASE_URL --env=prod`\n"),
    ],
)
def test_explain_refuses_what_is_no_key(shop: Project, key: str, message: str) -> None:
    done = run(shop, "env.explain", key)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    "words",
    [
        ("env.list",),
        ("env.show", "--env=prod"),
        ("env.check",),
        ("env.diff", "dev", "prod"),
        ("env.explain", "DEBUG"),
    ],
    ids=lambda words: words[0],
)
def test_the_env_tasks_load_neither_fabric_nor_rich(shop: Project, words: Sequence[str]) -> None:
    script = (
        "import sys\nfrom invoke.main import program\nprogram.run(exit=False)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'fabric', 'paramiko', 'rich', 'cryptography'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "XDG_CACHE_HOME": str(shop.root / "cache")}
    done = subprocess.run(
        (sys.executable, "-c", script, *words),
        cwd=shop.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_env_task_has_help_for_every_option(host: Host, shop: Project) -> None:
    for name in ("list", "show", "check", "diff", "explain"):
        options = run(shop, "--help", f"env.{name}").stdout.partition("Options:")[2]
        assert re.findall(r"^ {2}-\w, --[\w-]+(?:=STRING)?$", options, re.MULTILINE) == []
