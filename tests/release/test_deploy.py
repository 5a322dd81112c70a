"""Deploying to three hosts over SSH, one of them behind a jump host."""

from __future__ import annotations

import stat

from tests.release.application import application
from tests.release.project import Plain
from tests.release.site import Site
from tests.rig import wait_until
from tests.servers import PostgreSQL


def test_the_first_deploy_to_empty_hosts_makes_the_documented_layout(staging: Site) -> None:
    release = staging.project.deploy()
    assert staging.currents() == [release] * 3
    for host in staging.farm.hosts:
        top = staging.current(host)
        assert sorted(path.name for path in staging.path(host).iterdir()) == [
            ".deploytasks",
            "current",
            "releases",
            "shared",
            "venvs",
        ]
        assert {".env", ".venv", "REVISION", "environment.json", ".deploytasks"} <= {
            path.name for path in top.iterdir()
        }
        assert (top / "vendor/lib/vendor/deep/deep.txt").read_text() == "deep down\n"
        assert [entry["outcome"] for entry in staging.history(host)] == ["ok"]
        assert staging.on(host, "python -c 'import lib; print(lib.TEXT)'") == "one"
    assert staging.unlocked()


def test_the_environment_reaches_the_host_privately_and_reads_back_the_same(staging: Site) -> None:
    staging.configure(SECRET_KEY="a b$c", GREETING="hällo")
    staging.project.deploy()
    for host in staging.farm.hosts:
        top = staging.current(host)
        assert stat.S_IMODE((top / ".env").stat().st_mode) == 0o600
        assert stat.S_IMODE((top / "environment.json").stat().st_mode) == 0o600
        assert staging.on(host, '. ./.env; printf "%s|%s" "$SECRET_KEY" "$GREETING"') == "a b$c|hällo"


def test_a_second_deploy_ships_the_change_and_a_third_changes_nothing_but_the_release(staging: Site) -> None:
    first = staging.project.deploy()
    staging.project.write("page.txt", "second\n")
    staging.project.commit()
    second = staging.project.deploy()
    third = staging.project.deploy()
    assert first < second < third
    assert staging.currents() == [third] * 3
    assert [staging.page(host) for host in staging.farm.hosts] == ["second"] * 3
    status = staging.project.fab("status", "--env=staging", "--json")
    assert status.code == 0
    assert {host["release"] for host in status.document["hosts"]} == {third}


def test_releases_share_no_inode(staging: Site) -> None:
    for _ in range(3):
        staging.project.deploy()
    host = staging.farm.hosts[0]
    inodes = [path.stat().st_ino for path in (staging.path(host) / "releases").glob("*/page.txt")]
    assert len(inodes) == 3 and len(set(inodes)) == 3


def test_a_removed_file_is_gone_and_is_back_after_rollback(staging: Site) -> None:
    staging.project.write("package/gone.py", "x = 1\n")
    staging.project.commit()
    first = staging.project.deploy()
    (staging.project.root / "package/gone.py").unlink()
    staging.project.commit()
    staging.project.deploy()
    host = staging.farm.hosts[0]
    assert not (staging.current(host) / "package").exists()
    assert staging.project.fab("rollback", "--env=staging").code == 0
    assert staging.currents() == [first] * 3
    assert (staging.current(host) / "package/gone.py").exists()


def test_rollback_goes_back_one_good_release_each_time_then_says_there_is_none(staging: Site) -> None:
    ids = []
    for text in ("one", "two", "three"):
        staging.project.write("page.txt", text + "\n")
        staging.project.commit()
        ids.append(staging.project.deploy())
    for expected in (ids[1], ids[0]):
        assert staging.project.fab("rollback", "--env=staging").code == 0
        assert staging.currents() == [expected] * 3
    assert [staging.page(host) for host in staging.farm.hosts] == ["one"] * 3
    refused = staging.project.fab("rollback", "--env=staging")
    assert refused.code == 1 and "no earlier good release" in refused.err
    assert staging.unlocked()


def test_prune_keeps_what_it_should_and_recycles_a_tree(staging: Site) -> None:
    staging.configure(DEPLOY_KEEP_RELEASES=2)
    ids = [staging.project.deploy() for _ in range(4)]
    for path in staging.paths():
        assert sorted(release.name for release in (path / "releases").iterdir()) == ids[-2:]


def test_a_failing_postinstall_leaves_current_untouched_everywhere(staging: Site) -> None:
    first = staging.project.deploy()
    staging.project.write("fail-host2", "")
    staging.project.commit()
    failed = staging.project.fab("deploy", "--env=staging")
    assert failed.code == 1
    assert "host2: postinstall cannot go on" in failed.err and "exit code 3" in failed.err
    assert staging.currents() == [first] * 3
    assert staging.unlocked()
    (staging.project.root / "fail-host2").unlink()
    staging.project.commit()
    assert staging.currents() == [first] * 3
    assert staging.project.deploy() == staging.currents()[0]


def test_a_failing_first_deploy_leaves_no_current(staging: Site) -> None:
    staging.configure(DEPLOY_HEALTH_URL="http://127.0.0.1:1/", DEPLOY_HEALTH_TIMEOUT=1)
    failed = staging.project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 1
    assert staging.currents() == [None] * 3
    assert {host["release"] for host in failed.document["hosts"]} == {None}


def test_a_failing_health_url_flips_back_and_marks_the_release_bad(staging: Site) -> None:
    first = staging.project.deploy()
    with application(staging.path(staging.farm.hosts[0]) / "current") as app:
        staging.configure(DEPLOY_HEALTH_URL=app.url, DEPLOY_HEALTH_TIMEOUT=1, DEPLOY_HEALTH_SETTLE=0)
        app.answer = lambda release, count: (200 if release == first else 503, "")
        failed = staging.project.fab("deploy", "--env=staging", "--json")
    assert failed.code == 1
    assert staging.currents() == [first] * 3
    assert [(host["release"], host["outcome"]) for host in failed.document["hosts"]] == [
        (first, "unchanged")
    ] * 3
    listed = staging.project.fab("releases", "--env=staging", "--json").document["releases"]
    assert [release["state"] for release in listed] == ["bad", "good"]


def test_a_restart_that_fails_on_one_host_flips_all_back(staging: Site) -> None:
    first = staging.project.deploy()
    restart = f'test "$DEPLOYTASKS_HOST" != host3 || test "$DEPLOYTASKS_RELEASE" = {first}'
    staging.configure(DEPLOY_RESTART=restart, DEPLOY_BATCH=1)
    failed = staging.project.fab("deploy", "--env=staging")
    assert failed.code == 1 and "host3: restart" in failed.err
    assert staging.currents() == [first] * 3
    assert staging.unlocked()


def test_the_deploy_waits_for_a_database_that_comes_up_later(staging: Site, postgresql: PostgreSQL) -> None:
    staging.configure(
        "host1", DATABASE_URL=postgresql.url, DEPLOY_WAIT_TIMEOUT=60, DEPLOY_MIGRATE="echo migrated > proof"
    )
    postgresql.stop()
    process = staging.project.start("deploy", "--env=staging")
    release = staging.path(staging.farm.hosts[0]) / "releases"
    wait_until(lambda: list(release.glob("*/.venv")), "the deploy has installed and now waits", 60)
    assert not (staging.path(staging.farm.hosts[0]) / "current").exists()
    postgresql.start()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert (staging.current(staging.farm.hosts[0]) / "proof").read_text() == "migrated\n"


def test_migrate_runs_once_on_the_primary_before_publish(staging: Site) -> None:
    staging.configure(DEPLOY_MIGRATE="readlink ../../current || echo first > migrated")
    staging.project.deploy()
    found = [(staging.current(host) / "migrated").exists() for host in staging.farm.hosts]
    assert found == [True, False, False]


def test_shared_directories_outlive_releases_and_replace_tracked_ones(staging: Site) -> None:
    staging.project.write("media/tracked.txt", "in git\n")
    staging.project.commit()
    staging.configure(DEPLOY_SHARED_DIRS="media var/log")
    staging.project.deploy()
    host = staging.farm.hosts[0]
    (staging.path(host) / "shared/media/upload.txt").write_text("kept")
    staging.project.deploy()
    assert (staging.current(host) / "media").is_symlink()
    assert staging.on(host, "cat media/upload.txt; ls var/log") == "kept"


def test_roles_get_the_release_with_their_own_restart(staging: Site) -> None:
    staging.configure(
        "host1",
        DEPLOY_HOSTS_WORKER="host2 host3",
        DEPLOY_RESTART="echo app > restarted",
        DEPLOY_RESTART_WORKER="echo worker > restarted",
    )
    release = staging.project.deploy()
    assert staging.currents() == [release] * 3
    assert [(staging.current(host) / "restarted").read_text().strip() for host in staging.farm.hosts] == [
        "app",
        "worker",
        "worker",
    ]


def test_a_single_host_that_fails_before_publish_is_not_put_back_and_not_restarted(local: Plain) -> None:
    """What is brief goes to a single host together with publish."""
    keys = {
        "DEPLOY_HOSTS": "local:",
        "DEPLOY_PATH": ".deploy/dev",
        "DEPLOY_RESTART": "echo x >> ../../restarts",
    }
    local.environment("dev", **keys)
    (local.root / "postinstall").unlink()  # else there is something in between that is not brief
    local.commit()
    first = local.deploy("dev")
    place = local.root / ".deploy/dev"
    (place / "shared/blocked").write_text("in the way")
    local.environment("dev", **keys, DEPLOY_SHARED_DIRS="blocked/inside")
    local.write("page.txt", "new\n")
    local.commit()
    done = local.fab("deploy", "--env=dev")
    assert done.code == 1 and "link_shared" in done.err
    assert "putting 1 host(s) back" not in done.err
    assert (place / "restarts").read_text() == "x\n"
    assert (place / "current").resolve().name == first
    assert not (place / ".deploytasks/lock").exists()
