"""Which layer wins, and where every value came from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploytasks.config.environment import Origin
from deploytasks.config.loading import load_environment
from deploytasks.errors import ConfigurationError

from .conftest import Project

REPOSITORY = Path(__file__).parent.parent.parent


def git(project: Project, *words: str) -> None:
    subprocess.run(
        ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words),
        cwd=project.root,
        check=True,
        capture_output=True,
    )


def won(project: Project, name: str, **process: str) -> tuple[str, str]:
    variable = project.load(**process).get(name)
    assert variable is not None
    return variable.value.reveal(), str(variable.origin)


def test_each_layer_wins_over_those_before_it(project: Project) -> None:
    with (project.root / "environments" / "common.env").open("a") as common:
        common.write("A=common\n")
    assert won(project, "A") == ("common", "environments/common.env:3")
    project.write("prod.env", "\n# note\nA=prod\nDEPLOY_DECRYPT='cat {file}'\n")
    assert won(project, "A") == ("prod", "environments/prod.env:3")
    project.write("prod.secrets.env.enc", "A=decrypted\n")
    assert won(project, "A") == ("decrypted", "environments/prod.secrets.env.enc:1")
    project.write("prod.local.env", "A=local\nDEPLOY_FROM_PROCESS=A?\n")
    assert won(project, "A") == ("local", "environments/prod.local.env:1")
    assert won(project, "A", A="process") == ("process", "process")


def test_the_process_environment_overrides_only_the_keys_that_are_named(project: Project) -> None:
    project.write("prod.env", "A=1\nB=1\nDEPLOY_FROM_PROCESS='B DEPLOY_BATCH'\n")
    environment = project.load(A="x", B="it's", DEPLOY_BATCH="2", DEPLOY_PATH="/elsewhere", C="x")
    assert environment.revealed() == {"A": "1", "B": "it's"}
    assert (environment.settings.batch, environment.settings.path) == ("2", "/srv/app")
    assert environment.taken_from_process == ("DEPLOY_BATCH", "B")


def test_a_value_of_the_process_is_taken_as_it_stands(project: Project) -> None:
    project.write("prod.env", "X=1\nDEPLOY_FROM_PROCESS=A\n")
    assert won(project, "A", A="a $X #b")[0] == "a $X #b"


def test_references_are_replaced_from_the_layers_above(project: Project) -> None:
    with (project.root / "environments" / "common.env").open("a") as common:
        common.write("DOMAIN=example.com\nPATHS=/a\n")
    project.write(
        "prod.env", "HOST=www.${DOMAIN}\nPATHS=${PATHS}:/b\nE=${NONE:-x}y\nF='${DOMAIN}'\nG=$DOMAIN\n"
    )
    assert project.load().revealed() == {
        "DOMAIN": "example.com",
        "HOST": "www.example.com",
        "PATHS": "/a:/b",
        "E": "xy",
        "F": "example.com",
        "G": "$DOMAIN",
    }


def test_a_database_url_may_be_put_together_from_a_password(project: Project) -> None:
    project.write("prod.env", "DB_PASSWORD=hunter2x\nDATABASE_URL=postgres://app:${DB_PASSWORD}@db/app\n")
    variable = project.load().get("DATABASE_URL")
    assert variable is not None and variable.secret
    assert variable.value.reveal() == "postgres://app:hunter2x@db/app"


def test_a_local_layer_that_git_tracks_is_refused(project: Project) -> None:
    project.write("prod.local.env", "A=1\n")
    git(project, "init", "-q")
    assert project.load().warnings == ()
    git(project, "add", "environments/prod.local.env")
    assert project.problems() == (
        (
            "environments/prod.local.env:1: is tracked by git; run `git rm --cached environments/prod.local.env`, "
            "and change its secrets"
        ),
    )


def test_a_layer_that_links_to_nothing_is_a_problem(project: Project) -> None:
    (project.root / "environments" / "prod.local.env").symlink_to("/nonexistent/secrets.env")
    assert project.problems() == (
        "environments/prod.local.env:1: is a link to nothing; make what it points to, or remove it",
    )


def test_settings_of_the_tool_may_be_secrets_too(project: Project) -> None:
    project.write(
        "prod.env",
        "DEPLOY_NOTIFY=https://chat.example.com/hook/hunter2\nDEPLOY_SECRETS=DEPLOY_NOTIFY\n"
        "DEPLOY_HEALTH_URL=http://u:hunter2@127.0.0.1/\nDEPLOY_RESTART=true\n",
    )
    hidden = project.load().secret_settings
    assert [variable.name for variable in hidden] == ["DEPLOY_HEALTH_URL", "DEPLOY_NOTIFY"]
    assert project.load().warnings == ()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_local_layer_that_others_can_read_is_warned_about(project: Project, mode: int) -> None:
    project.write("prod.local.env", "A=1\n").chmod(mode)
    assert project.load().warnings == (
        (
            "environments/prod.local.env:1: others on this machine can read it; "
            "run `chmod 600 environments/prod.local.env`"
        ),
    )


def test_a_secret_whose_end_is_taken_for_a_comment_is_warned_about(project: Project) -> None:
    project.write("prod.env", "SECRET_KEY=hunter2 #hunter3\nNOTE=a # b\n")
    assert project.load().warnings == (
        "environments/prod.env:1: SECRET_KEY ends before ` #`; quote it if that is part of it",
    )


def test_a_secret_that_is_too_short_to_be_masked_everywhere_is_warned_about(project: Project) -> None:
    project.write("prod.env", "DB_PASSWORD=abcde\n")
    assert project.load().warnings == (
        (
            "environments/prod.env:1: DB_PASSWORD is a secret of under 6 characters and masked only beside its name; "
            "take a longer one"
        ),
    )


def test_a_secret_written_out_in_a_command_line_is_warned_about(project: Project) -> None:
    project.write(
        "prod.env", "PIN_TOKEN=hunter2\nDEPLOY_RESTART='notify hunter2'\nDEPLOY_MIGRATE='x $PIN_TOKEN'\n"
    )
    assert project.load().warnings == (
        (
            "environments/prod.env:2: DEPLOY_RESTART holds a secret, and the host's process list will show it; "
            "name the key instead, e.g. $SECRET_KEY"
        ),
    )


def test_names_that_are_set_nowhere_are_warned_about(project: Project) -> None:
    project.write("prod.env", "PIN_CODE=1\nDEPLOY_SECRETS=PIN_CDOE\n")
    assert project.load().warnings == (
        (
            "environments/prod.env:2: DEPLOY_SECRETS names PIN_CDOE, which is set nowhere; set it, "
            "or did you mean PIN_CODE?"
        ),
    )


@pytest.mark.parametrize("process", [{}, {"A": ""}, {"A": " "}], ids=["not set", "empty", "blank"])
def test_a_key_that_the_process_must_give_and_does_not_is_a_problem(
    project: Project, process: dict[str, str]
) -> None:
    project.write("prod.env", "A=file\nB=file\nDEPLOY_FROM_PROCESS='A B'\n")
    state = "empty" if process else "not set"
    told = (
        f"environments/prod.env:3: DEPLOY_FROM_PROCESS names A, which is {state} in the process environment; "
        "set it there, or write A? if it may be missing"
    )
    assert project.problems(B="x", **process) == (told,)


def test_a_required_key_that_the_process_does_not_give_is_told_once(project: Project) -> None:
    project.write("prod.env", "DEPLOY_WAIT_FOR=DATABASE_URL\nDEPLOY_FROM_PROCESS=DATABASE_URL\n")
    assert len(project.problems()) == 1


@pytest.mark.parametrize("process", [{}, {"A": ""}], ids=["not set", "empty"])
def test_a_key_that_the_process_may_give_leaves_what_the_files_say(
    project: Project, process: dict[str, str]
) -> None:
    project.write("prod.env", "A=file\nDEPLOY_FROM_PROCESS='A? DEPLOY_BATCH?'\n")
    environment = project.load(**process)
    assert environment.revealed() == {"A": "file"} and environment.taken_from_process == ()
    assert project.load(A="x").revealed() == {"A": "x"}


def test_the_clear_text_of_an_encrypted_layer_touches_no_disk(project: Project) -> None:
    project.write("prod.env", "DEPLOY_DECRYPT='base64 -d <{file}'\n")
    project.write("prod.secrets.env.b64", "U0VDUkVUX0tFWT1odW50ZXIyaHVudGVyMgo=\n")
    assert won(project, "SECRET_KEY") == ("hunter2hunter2", "environments/prod.secrets.env.b64:1")
    assert not [
        path for path in project.root.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()
    ]


def test_an_encrypted_layer_in_a_path_with_spaces_and_quotes_is_decrypted(tmp_path: Path) -> None:
    root = tmp_path / "it's a $(project)"
    (root / "environments").mkdir(parents=True)
    (root / "environments" / "prod.env").write_text(
        "DEPLOY_HOSTS=local:\nDEPLOY_PATH=/srv/app\nDEPLOY_DECRYPT='cat {file}'\n", "utf-8"
    )
    (root / "environments" / "prod.secrets.env.x").write_text("A=1\n", "utf-8")
    assert load_environment("prod", root=root).revealed() == {"A": "1"}


@pytest.mark.parametrize(
    ("decrypt", "problem"),
    [
        ("", "is encrypted and DEPLOY_DECRYPT is not set; set it, e.g. to sops -d {file}"),
        ("sops -d", "is encrypted and DEPLOY_DECRYPT has no {file} in it; set it, e.g. to sops -d {file}"),
        (
            "cat {file}; echo hunter2 >&2; exit 3",
            "cannot be decrypted, DEPLOY_DECRYPT ended with exit code 3; run that command by hand to see why",
        ),
    ],
)
def test_a_layer_that_cannot_be_decrypted_is_a_problem(project: Project, decrypt: str, problem: str) -> None:
    project.write("prod.env", f"DEPLOY_DECRYPT='{decrypt}'\n")
    project.write("prod.secrets.env.enc", "SECRET_KEY=hunter2\n")
    assert project.problems() == (f"environments/prod.secrets.env.enc:1: {problem}",)


def test_a_bad_line_in_an_encrypted_layer_is_told_without_its_value(project: Project) -> None:
    project.write("prod.env", "DEPLOY_DECRYPT='cat {file}'\n")
    project.write("prod.secrets.env.enc", "A=1\nB='hunter2\n")
    assert project.problems() == (
        "environments/prod.secrets.env.enc:2: B cannot be read; close the quote, and write nothing behind it",
    )


def test_an_environment_is_printed_without_its_values(project: Project) -> None:
    project.write("prod.env", "SECRET_KEY=hunter2hunter2\nA=hunter2\n")
    environment = project.load()
    assert "hunter2" not in f"{environment!r} {environment} {environment.variables}"
    assert environment.get("SECRET_KEY") is not None
    assert dict(environment.origins)["DEPLOY_PATH"] == Origin("environments/common.env", 2)


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_environments_of_this_repository_load(name: str) -> None:
    process = {**os.environ, "SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://app@db.example.com/app"}
    assert load_environment(name, root=REPOSITORY, process=process).name == name


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_environments_of_this_repository_want_their_secrets_from_the_process(name: str) -> None:
    process = {key: value for key, value in os.environ.items() if key not in ("SECRET_KEY", "DATABASE_URL")}
    with pytest.raises(ConfigurationError) as refused:
        load_environment(name, root=REPOSITORY, process={**process, "SECRET_KEY": ""})
    assert len(refused.value.problems) == 2


def test_dev_deploys_to_this_machine_with_sqlite() -> None:
    dev = load_environment("dev", root=REPOSITORY)
    url = dev.get("DATABASE_URL")
    assert [host.name for host in dev.hosts] == ["local:"]
    assert url is not None and url.value.reveal().startswith("sqlite:///")
