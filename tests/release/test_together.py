"""Hosts work together: batches in order, the others stop when one fails, and each host's words are told apart."""

from __future__ import annotations

import re
from pathlib import Path

from tests.release.site import Site
from tests.release.test_interrupts import sleepers
from tests.rig import wait_until

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
PATH_MODE = {"DEPLOY_VENDOR_INSTALL": "path"}
MANAGE = """\
import os, sys
open(sys.argv[1], "w").write(os.environ["DEPLOYTASKS_HOST"] + " " + os.environ["DEPLOYTASKS_ROLE"])
"""


def extension() -> str:
    """The fabfile in README's `Extending`."""
    section = README.partition("\n## Extending\n")[2]
    [block, *_] = re.findall(r"(?:^ {4}.*\n|^\n)+", section, re.MULTILINE)[1:]
    return re.sub("^ {4}", "", block, flags=re.MULTILINE)


def test_the_example_of_own_steps_and_tasks_does_what_readme_says(staging: Site) -> None:
    staging.configure(
        "host1", DEPLOY_HOSTS_WORKER="host2 host3", DEPLOY_MIGRATE="touch migrated", **PATH_MODE
    )
    staging.project.write("fabfile.py", extension())
    staging.project.write("manage.py", MANAGE)
    staging.project.commit()
    release = staging.project.deploy()
    assert staging.currents() == [release] * 3
    tops = [staging.current(host) for host in staging.farm.hosts]
    made = [
        {name for name in ("warm_cache", "drain_queue", "migrated") if (top / name).exists()} for top in tops
    ]
    assert made == [{"warm_cache"}, {"drain_queue"}, {"drain_queue"}]
    assert (tops[1] / "drain_queue").read_text() == "host2 worker"
    hello = staging.project.fab("hello")
    assert (hello.code, hello.out) == (0, "hello\n")


def test_what_a_restart_serves_is_the_role_it_restarts(staging: Site) -> None:
    tell = "echo $DEPLOYTASKS_ROLE >> ../../shared/roles"
    roles = {"DEPLOY_HOSTS_WORKER": "host1 host2", "DEPLOY_RESTART": tell, "DEPLOY_RESTART_WORKER": tell}
    staging.configure("host1", **roles, **PATH_MODE)
    staging.project.deploy()
    assert [(path / "shared/roles").read_text() for path in staging.paths()[:2]] == [
        "app\nworker\n",
        "worker\n",
    ]


def test_batches_go_one_after_the_other_the_primary_first_each_verified_before_the_next(
    staging: Site,
) -> None:
    staging.configure(DEPLOY_BATCH="34%", DEPLOY_RESTART="true", **PATH_MODE)
    done = staging.project.fab("deploy", "--env=staging", "--json")
    assert done.code == 0, done.err
    right = [
        (one["step"], one["host"]) for one in done.document["steps"] if one["step"] in ("publish", "restart")
    ]
    first, second = right[:4], right[4:]
    assert {host for _, host in first} == {"host1", "host2"}
    assert second == [("publish", "host3"), ("restart", "host3")]


def test_a_canary_that_fails_keeps_the_others_from_being_published(staging: Site) -> None:
    staging.configure(DEPLOY_BATCH="1", DEPLOY_RESTART="echo no luck; false", **PATH_MODE)
    done = staging.project.fab("deploy", "--env=staging", "--json")
    assert done.code == 1
    published = [one["host"] for one in done.document["steps"] if one["step"] == "publish"]
    assert published == ["host1", "host1"]  # there and back
    assert staging.currents() == [None] * 3


def test_when_one_host_fails_the_others_are_told_to_stop_and_its_words_are_shown_whole(staging: Site) -> None:
    fails = "for n in 1 2 3 4 5; do echo line $n; done; until [ -e go ]; do sleep 0.05; done; exit 7"
    sleeps = "touch ../../shared/sleeps; sleep 300"
    staging.configure(
        DEPLOY_POSTINSTALL=f'if [ "$DEPLOYTASKS_HOST" = host2 ]; then {fails}; else {sleeps}; fi', **PATH_MODE
    )
    process = staging.project.start("deploy", "--env=staging")
    wait_until(
        lambda: all((staging.paths()[number] / "shared/sleeps").exists() for number in (0, 2)),
        "both sleep",
        60,
    )
    (release,) = (staging.paths()[1] / "releases").iterdir()
    (release / "go").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert sleepers(staging) == [""] * 3
    for number in range(1, 6):
        assert f"  host2: line {number}\n" in err
    assert re.search(r"^failed +postinstall +host2", err, re.MULTILINE)
    assert len(re.findall(r"^stopped +postinstall +host[13]", err, re.MULTILINE)) == 2
    assert "host2: postinstall:" in err.splitlines()[-1] and "exit code 7" in err.splitlines()[-1]
    assert [line.split() for line in out.splitlines()] == [[f"host{n}", "-", "unchanged"] for n in (1, 2, 3)]


def test_the_closing_table_is_what_the_hosts_say_and_not_what_was_planned(staging: Site) -> None:
    moved = "ln -sfn releases/elsewhere ../../current"
    staging.configure(DEPLOY_RESTART=f'[ "$DEPLOYTASKS_HOST" != host3 ] || {moved}', **PATH_MODE)
    done = staging.project.fab("deploy", "--env=staging", "--json")
    assert [host["release"] for host in done.document["hosts"]][2] == "elsewhere"
    assert done.code == 6, done.err
    assert "host3" in done.err


def test_hosts_work_at_the_same_time(staging: Site, tmp_path: Path) -> None:
    """Every host waits, in its postinstall, until all have begun theirs."""
    meet = f'touch {tmp_path}/$DEPLOYTASKS_HOST; until [ "$(ls {tmp_path}/host* | wc -l)" = 3 ]; do sleep 0.02; done'
    staging.configure(DEPLOY_POSTINSTALL=meet, DEPLOY_STEP_TIMEOUT="60", **PATH_MODE)
    staging.project.deploy()


def test_no_more_hosts_than_deploy_parallel_work_at_once(staging: Site, tmp_path: Path) -> None:
    count = f"mkdir {tmp_path}/alone && ls {tmp_path} && rmdir {tmp_path}/alone"  # fails beside another one
    staging.configure(DEPLOY_POSTINSTALL=count, DEPLOY_PARALLEL="1", **PATH_MODE)
    staging.project.deploy()
