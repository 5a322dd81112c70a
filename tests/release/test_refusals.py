"""What is refused: before anything is contacted, or before anything is changed."""

from __future__ import annotations

import pytest

from tests.release.project import Plain
from tests.release.site import Site
from tests.rig import farm, free_port


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["deploy"], "--env: ", id="env missing"),
        pytest.param(["deploy", "--env=nosuch"], "nosuch", id="env unknown"),
        pytest.param(["deploy", "--env=../x"], "../x", id="env leaves the directory"),
        pytest.param(
            ["deploy", "--env=dev", "--revision=nosuch"], "--revision: 'nosuch'", id="revision unknown"
        ),
        pytest.param(["deploy", "--env=dev", "--limit=nosuch"], "--limit: 'nosuch'", id="host unknown"),
        pytest.param(
            ["deploy", "--env=dev", "--skip=nosuch"], "'nosuch': not in the recipe", id="step unknown"
        ),
        pytest.param(["deploy", "--env=dev", "--limit="], "--limit: names nothing", id="host empty"),
        pytest.param(["deploy", "--env=dev", "--skip=,"], "--skip: names nothing", id="step empty"),
        pytest.param(["-H", "a,b", "deploy", "--env=dev"], "--limit", id="-H names --limit"),
    ],
)
def test_usage_is_exit_2_and_nothing_is_made(local: Plain, words: list[str], message: str) -> None:
    done = local.fab(*words)
    assert done.code == 2
    assert message in done.err
    assert not (local.root / ".deploy").exists()


@pytest.mark.parametrize("words", [["--limit"], ["--limit", "--yes"], ["-l"]])
def test_a_list_without_a_value_does_not_mean_every_host(local: Plain, words: list[str]) -> None:
    done = local.fab("deploy", "--env=dev", *words)
    assert done.code == 1
    assert "limit" in done.err
    assert not (local.root / ".deploy").exists()


def test_an_unknown_environment_names_those_that_exist(local: Plain) -> None:
    local.environment("prod", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/prod")
    assert "dev, prod" in local.fab("deploy", "--env=nosuch").err


def test_json_is_one_document_on_exit_2_too(local: Plain) -> None:
    done = local.fab("deploy", "--env=nosuch", "--json")
    assert done.code == 2
    assert done.document["exit_code"] == 2 and done.document["outcome"] == "failed"


@pytest.mark.parametrize("flag", ["--dry", "-R"])
def test_the_programs_own_dry_run_never_runs_the_real_thing(local: Plain, flag: str) -> None:
    assert local.fab(flag, "deploy", "--env=dev").code == 10
    assert not (local.root / ".deploy").exists()


@pytest.mark.parametrize(
    "task", ["rollback", "prune", "postinstall", "run true", "lock --message=x", "unlock"]
)
def test_a_command_without_a_dry_run_refuses_to_do_the_real_thing(local: Plain, task: str) -> None:
    done = local.fab("--dry", *task.split(), "--env=dev")
    assert done.code == 2 and "dry run" in done.err


@pytest.mark.parametrize("name", [".env", "environment.json", ".venv", ".deploytasks", "REVISION"])
def test_a_tracked_root_path_with_a_name_of_the_tool_is_refused(local: Plain, name: str) -> None:
    local.write(name, "mine")
    local.commit()
    done = local.fab("deploy", "--env=dev")
    assert done.code == 2 and name in done.err


def test_a_revision_outside_the_branch_is_refused(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_BRANCH="release")
    assert local.fab("deploy", "--env=dev").code == 2
    from examples.building import git

    git(local.root, "branch", "release")
    assert local.fab("deploy", "--env=dev").code == 0


def test_a_confirmation_without_a_terminal_is_an_error_and_yes_answers_it(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_CONFIRM="yes")
    refused = local.fab("deploy", "--env=dev")
    assert refused.code == 2 and "--yes" in refused.err
    assert local.fab("deploy", "--env=dev", "--yes").code == 0


def test_a_path_of_another_environment_is_refused(local: Plain) -> None:
    local.deploy("dev")
    local.environment("staging", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev")
    done = local.fab("deploy", "--env=staging")
    assert done.code == 1 and "belongs to" in done.err


def test_a_host_out_of_reach_is_exit_4_and_nothing_changed_anywhere(staging: Site) -> None:
    first = staging.project.deploy()
    staging.configure("host1", "host2", f"127.0.0.1:{free_port()}")
    done = staging.project.fab("deploy", "--env=staging")
    assert done.code == 4
    assert staging.currents() == [first] * 3 and staging.unlocked()


def test_a_host_under_two_names_of_the_ssh_configuration_is_refused(staging: Site) -> None:
    first = staging.farm.hosts[0]
    staging.configure(first.name, f"{first.address}:{first.port}")
    done = staging.project.fab("deploy", "--env=staging")
    assert done.code == 2
    assert f"{first.address}:{first.port} and {first.name} are two names of one host" in done.err
    assert not staging.path(first).exists()


def test_a_wrong_user_is_exit_4(staging: Site) -> None:
    staging.configure("host1", "nobody-like-this@host2")
    done = staging.project.fab("deploy", "--env=staging")
    assert done.code == 4 and "nobody-like-this" in done.err
    assert staging.currents() == [None] * 3


def test_a_changed_host_key_is_exit_4(project: Plain, tmp_path_factory: pytest.TempPathFactory) -> None:
    with farm(tmp_path_factory.mktemp("keys"), count=1) as made:
        site = Site(project, made, "keys")
        site.configure()
        first = site.project.deploy()
        made.hosts[0].change_key()
        done = site.project.fab("deploy", "--env=staging")
        assert done.code == 4 and "key" in done.err
        assert site.currents() == [first]
