"""A failed deploy says that a migration ran when one did, and only then: nobody reverses it."""

from __future__ import annotations

import pytest

from tests.release.project import Plain

NOTE = "the migration ran and is not reversed"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            {"DEPLOY_POSTINSTALL": "false", "DEPLOY_MIGRATE": "true"},
            0,
            id="a failure before migrate does not",
        ),
        pytest.param({"DEPLOY_MIGRATE": "false"}, 1, id="a failing migration may have done half of its work"),
        pytest.param({"DEPLOY_MIGRATE": "true", "DEPLOY_RESTART": "false"}, 1, id="a failure after it does"),
        pytest.param({"DEPLOY_RESTART": "false"}, 0, id="without DEPLOY_MIGRATE there is none to speak of"),
    ],
)
def test_a_failed_deploy_says_that_a_migration_ran(local: Plain, settings: dict[str, str], said: int) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", **settings)
    done = local.fab("deploy", "--env=dev")
    assert (done.code, done.err.count(NOTE)) == (1, said), done.err
