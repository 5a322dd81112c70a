"""A migration never surprises: plan, deploy, its history and its report name it, and a rollback what stays of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess

from tests.release.project import BIN, Plain

FIRST = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Order", [("id", models.BigAutoField(primary_key=True)), ("price", models.IntegerField())]
        )
    ]
"""
SECOND = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RemoveField("order", "price")]
"""


def shop(project: Plain) -> None:
    project.write("shop/__init__.py", "")
    project.write("shop/migrations/__init__.py", "")
    project.write("shop/migrations/0001_initial.py", FIRST)
    project.commit("Sell")


def remove_price(project: Plain) -> None:
    project.write("shop/migrations/0002_remove_order_price.py", SECOND)
    project.commit("Give it away")


def test_what_comes_is_said_by_plan_deploy_history_and_report_and_what_stays_by_rollback(
    local: Plain,
) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_MIGRATE="true")
    shop(local)
    local.deploy("dev")
    remove_price(local)
    planned = local.fab("plan", "--env=dev")
    assert planned.code == 10
    assert "  migrations:\n    shop.0002_remove_order_price: " in planned.out and "loses data" in planned.out
    assert "0001_initial" not in planned.out
    done = local.fab("deploy", "--env=dev", "--report=report.json")
    assert done.code == 0 and "migration shop.0002_remove_order_price: " in done.err
    released = json.loads((local.root / "report.json").read_text())["released"]
    assert [line.partition(":")[0] for line in released["migrations"]] == [
        "migration shop.0002_remove_order_price"
    ]
    assert [line[8:] for line in released["commits"]["added"]] == ["Give it away"]
    lines = (local.root / ".deploy/dev/.deploytasks/history.jsonl").read_text().splitlines()
    assert [json.loads(line).get("migrations") for line in lines] == [
        ["shop.0001_initial"],
        ["shop.0002_remove_order_price"],
    ]
    back = local.fab("rollback", "--env=dev")
    assert (
        back.code == 0 and "migration unknown to the target, stays: shop.0002_remove_order_price" in back.err
    )


def test_what_a_deploy_does_not_run_is_not_told_as_run(local: Plain) -> None:
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_MIGRATE="true")
    shop(local)
    done = local.fab("deploy", "--env=dev", "--skip=migrate")
    assert done.code == 0 and "nothing runs it in this deploy" in done.err
    (line,) = (local.root / ".deploy/dev/.deploytasks/history.jsonl").read_text().splitlines()
    assert "migrations" not in json.loads(line)


def test_a_migration_that_was_changed_after_it_ran_is_a_warning(local: Plain) -> None:
    shop(local)
    local.deploy("dev")
    local.write("shop/migrations/0001_initial.py", FIRST.replace("IntegerField", "TextField"))
    local.commit("Change the past")
    said = local.fab("deploy", "--env=dev").err
    assert "shop.0001_initial: was changed after it ran" in said


def test_a_served_commit_that_git_does_not_know_is_said_and_no_obstacle(local: Plain) -> None:
    shop(local)
    local.deploy("dev")
    release = (local.root / ".deploy/dev/current").resolve()
    (release / "REVISION").write_text("1" * 40 + "\n")
    remove_price(local)
    done = local.fab("deploy", "--env=dev")
    assert done.code == 0 and "1111111, which is served now, is no commit that git knows here" in done.err


def test_what_is_asked_about_is_shown_before(local: Plain) -> None:
    shop(local)
    local.deploy("dev")
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_CONFIRM="yes")
    remove_price(local)
    answered, terminal = pty.openpty()
    os.write(answered, b"n\n")
    words = [BIN / "fab", "deploy", "--env=dev"]
    done = subprocess.run(words, cwd=local.root, stdin=terminal, capture_output=True, text=True, timeout=120)
    os.close(answered)
    os.close(terminal)
    assert done.returncode == 2 and "not confirmed; nothing was changed" in done.stderr
    shown, _, asked = done.stderr.partition("Deploy to dev on local:?")
    assert asked and "+ " in shown and "Give it away" in shown and "0002_remove_order_price" in shown
