"""A failed deploy says that a migration ran when one did, and only then: nobody reverses it."""

from __future__ import annotations

import pytest

from tests.release.project import Plain

RAN = "DEPLOY_MIGRATE ran, and what it changed is not reversed"
FAILED = "DEPLOY_MIGRATE did not end well; what it changed until then is not reversed"


MIGRATION = """from django.db import migrations


class Migration(migrations.Migration):
    operations = [migrations.RunSQL("select 1")]
"""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            {"DEPLOY_POSTINSTALL": "false", "DEPLOY_MIGRATE": "true"},
            [],
            id="a failure before migrate does not",
        ),
        pytest.param(
            {"DEPLOY_MIGRATE": "false"}, [FAILED], id="a failing migration may have done half of its work"
        ),
        pytest.param(
            {"DEPLOY_MIGRATE": "true", "DEPLOY_RESTART": "false"},
            [RAN],
            id="a failure after it may have changed it",
        ),
        pytest.param({"DEPLOY_RESTART": "false"}, [], id="without DEPLOY_MIGRATE there is none to speak of"),
    ],
)
def test_a_failed_deploy_says_what_a_migration_left(
    local: Plain, settings: dict[str, str], said: list[str]
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", **settings)
    done = local.fab("deploy", "--env=dev")
    assert (done.code, [note for note in (RAN, FAILED) if note in done.err]) == (1, said), done.err


def test_nothing_is_said_of_migrations_that_are_known_and_all_ran_before(local: Plain) -> None:
    """`No migrations to apply`, as Django says."""
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev", "DEPLOY_MIGRATE": "true"}
    local.environment("dev", **keys)
    local.write("shop/migrations/__init__.py", "")
    local.write("shop/migrations/0001_initial.py", MIGRATION)
    local.commit()
    local.deploy("dev")
    local.environment("dev", **keys, DEPLOY_RESTART="test ! -e broken")
    local.write("broken", "")
    local.commit()
    done = local.fab("deploy", "--env=dev")
    assert done.code == 1 and "DEPLOY_MIGRATE" not in done.err, done.err
    local.write("shop/migrations/0002_more.py", MIGRATION)
    local.commit()
    done = local.fab("deploy", "--env=dev")
    assert done.code == 1 and f"shop.0002_more: {RAN}" in done.err, done.err


def test_only_a_release_that_served_was_deployed_before(local: Plain) -> None:
    keys = {"DEPLOY_HOSTS": "local:", "DEPLOY_PATH": ".deploy/dev"}
    local.deploy("dev")
    local.environment("dev", **keys, DEPLOY_POSTINSTALL="false")
    assert local.fab("deploy", "--env=dev").code == 1
    local.environment("dev", **keys)
    done = local.fab("deploy", "--env=dev")
    assert done.code == 0 and "a deploy of this revision failed before" in done.err
    assert "deployed before and marked bad" not in done.err
