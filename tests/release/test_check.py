"""`fab check`: what would fail a deploy is found before anything changes, each finding with its cure."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import deploytasks
from deploytasks.recipe.sudo import SudoCommand, sudo_commands
from deploytasks.remote.check.sudo import line
from tests.release.project import BIN, Plain
from tests.release.site import Site
from tests.rig import Sshd, farm, own_mounts, program

CODE = Path(deploytasks.__file__).parents[1]


@pytest.fixture
def alone(project: Plain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project on one host of its own, reached through a jump host."""
    with farm(tmp_path_factory.mktemp("check"), count=1, jump=True) as made:
        site = Site(project, made, "site")
        site.configure()
        yield site


def checked(site: Site, **env: str) -> tuple[int, str]:
    """Exit code and findings; nothing has changed."""
    done = site.project.fab("check", "--env=staging", **env)
    assert not site.path(site.farm.hosts[0]).is_dir() or site.currents() == [None]
    return done.code, done.err


def test_a_host_that_is_fine_is_described_and_nothing_is_made(alone: Site) -> None:
    done = alone.project.fab("check", "--env=staging", "--json")
    assert (done.code, done.err) == (0, "")
    [found] = done.document["check"]
    assert found["rsync"].startswith("rsync") and found["host_key"] == "known"
    assert found["free_bytes"] > 0 and found["free_inodes"] > 0 and abs(found["clock_skew"]) < 60
    assert list(alone.farm.hosts[0].srv.iterdir()) == []

    shutil.copy(alone.farm.known_hosts, alone.project.root / "environments/known_hosts")
    again = alone.project.fab("check", "--env=staging", "--json")
    assert [one["host_key"] for one in again.document["check"]] == ["pinned"]


def test_a_key_that_is_taken_unseen_is_said(alone: Site) -> None:
    alone.farm.known_hosts.write_text("")
    alone.configure(DEPLOY_HOST_KEYS="accept-new")
    code, err = checked(alone)
    assert code == 0 and err.count("is taken unseen") == 2


def test_every_obstacle_on_the_host_is_found_at_once(alone: Site) -> None:
    host = alone.farm.hosts[0]
    alone.configure(
        DEPLOY_SHARED_FILES="secret.key", DEPLOY_PYTHON="python9", DEPLOY_ENV_GROUP="no-such-group"
    )
    alone.project.write("postinstall", "#!/bin/sh\n", 0o644)
    alone.project.commit()
    (alone.path(host) / "current").mkdir(parents=True)
    replaced(host, "rsync", "echo openrsync: protocol version 29")
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1
    for finding in (
        "postinstall: is not executable",
        "current is a directory, not a symlink; move it away",
        "rsync there is `openrsync: protocol version 29`; install rsync 3 or newer",
        "shared/secret.key is missing; create /srv/site/shared/secret.key there",
        "python9 is missing",
        "group no-such-group",
    ):
        assert finding in done.err


def replaced(host: Sshd, name: str, script: str) -> None:
    """Put another program of that name first on the host's PATH."""
    program(host.directory / "tools" / name, script)


def test_a_disk_that_has_no_room_for_what_ships_is_found(alone: Site) -> None:
    host = alone.farm.hosts[0]
    small = host.srv / "small"
    small.mkdir()
    alone.farm.run(host, "mount -t tmpfs -o size=32m,nr_inodes=20 none /srv/small")
    replace(alone, directory="small/site").configure()
    for number in range(10):
        alone.project.write(f"files/{number}", "x")
    alone.project.commit()
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1
    assert "MB free at /srv/small" in done.err and "inodes free at /srv/small" in done.err


def test_a_directory_that_may_not_be_written_is_found_with_its_cure(alone: Site) -> None:
    host = alone.farm.hosts[0]
    alone.farm.run(host, "mkdir /srv/sealed && mount -t tmpfs -o ro none /srv/sealed")
    replace(alone, directory="sealed/site").configure()
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1
    assert "/srv/sealed is on a file system that is mounted read-only; mount it anew with `rw`" in done.err


def test_services_are_asked_from_the_host(alone: Site) -> None:
    alone.configure(CACHE_URL="tcp://127.0.0.1:1", DEPLOY_WAIT_FOR="CACHE_URL")
    code, err = checked(alone)
    assert code == 0 and "host1: CACHE_URL not ready" in err and "a deploy waits for it" in err
    alone.configure(CACHE_URL="nonsense://127.0.0.1", DEPLOY_WAIT_FOR="CACHE_URL")
    code, err = checked(alone)
    assert code == 0 and "scheme 'nonsense' is unknown" in err  # a first deploy: databases are made later
    alone.configure(DEPLOY_WAIT_FOR="")
    alone.project.deploy()
    alone.configure(CACHE_URL="nonsense://127.0.0.1", DEPLOY_WAIT_FOR="CACHE_URL")
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1 and "scheme 'nonsense' is unknown" in done.err


def test_a_jump_host_that_only_fabric_passes_is_found(alone: Site) -> None:
    code, err = checked(alone, SHELL="/bin/false")  # OpenSSH starts what leads through a jump host by $SHELL
    assert code == 1 and "host1: rsync cannot pass the jump host" in err


def test_who_holds_the_lock_is_said(alone: Site) -> None:
    assert alone.project.fab("lock", "--env=staging", "--message=audit").code == 0
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 0 and "frozen by" in done.err and "audit" in done.err


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("systemctl restart blog", []),
        ("sudo systemctl restart blog", [SudoCommand(("systemctl", "restart", "blog"))]),
        (
            "kill -HUP $(cat pid) && sudo -n -u www-data /bin/touch 'a b' 2>/dev/null; /usr/bin/sudo -E id",
            [SudoCommand(("/bin/touch", "a b"), "www-data"), SudoCommand(("id",), setenv=True)],
        ),
        ("A=1 sudo --user=me -- B=2 id | cat", [SudoCommand(("B=2", "id"), "me")]),
        ("sudo A=1 id >log", [SudoCommand(("id",), setenv=True)]),
        ("sudo -i", [SudoCommand(())]),
        ("sudo 'unbalanced", []),
    ],
)
def test_what_a_line_asks_sudo_for_is_read(written: str, expected: list[SudoCommand]) -> None:
    assert list(sudo_commands(written)) == expected


def test_only_words_that_no_shell_replaces_are_asked_about() -> None:
    assert [one.readable for one in sudo_commands("sudo a $B; sudo -s c; sudo c d")] == [False, False, True]


def without_rules(tmp_path: Path) -> tuple[Path, list[str]]:
    """A sudoers file without any rule, and the words that run a program where it is the machine's."""
    sudoers = tmp_path / "sudoers"
    sudoers.write_text("")
    sudoers.chmod(0o440)
    return sudoers, own_mounts(shlex.join(["mount", "--bind", str(sudoers), "/etc/sudoers"]))


def test_a_missing_sudo_rule_is_a_finding_with_the_very_line_that_cures_it(
    local: Plain, tmp_path: Path
) -> None:
    local.environment(
        "dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_RESTART="sudo tail --lines=0 blog:a,b"
    )
    sudoers, inside = without_rules(tmp_path)

    def check() -> subprocess.CompletedProcess[str]:
        words = [*inside, BIN / "fab", "check", "--env=dev"]
        return subprocess.run(
            words, cwd=local.root, capture_output=True, text=True, check=False, env=os.environ
        )

    found = check()
    assert found.returncode == 1
    rule = found.stderr.strip().splitlines()[-1].rpartition("by visudo: ")[2]
    tail = shutil.which("tail")
    assert rule == rf"root ALL=(root) NOPASSWD: {tail} --lines\=0 blog\:a\,b"
    sudoers.write_text(rule + "\n")
    cured = check()
    assert (cured.returncode, cured.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [["/bin/echo"], ["/bin/echo", "a b", "c*", "d\\e", "f=g", "!h", '"i"', "^j", "#k", "[l]?", "m,n:o"]],
)
def test_the_line_allows_exactly_the_command_it_was_made_for(tmp_path: Path, words: list[str]) -> None:
    sudoers, inside = without_rules(tmp_path)
    sudoers.write_text(line("daemon", {"user": "nobody", "words": words, "setenv": False}) + "\n")
    asked = [
        *inside,
        "setpriv",
        "--reuid=daemon",
        "--regid=daemon",
        "--clear-groups",
        "sudo",
        "-n",
        "-u",
        "nobody",
    ]
    done = subprocess.run([*asked, *words], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (" ".join(words[1:]) + "\n", "")
    other = subprocess.run([*asked, *words, "more"], capture_output=True, text=True, check=False)
    assert other.returncode != 0 and other.stdout == ""


def test_a_missing_sudo_rule_stops_a_deploy_before_anything_changes(local: Plain, tmp_path: Path) -> None:
    local.environment(
        "dev",
        DEPLOY_HOSTS="local:",
        DEPLOY_PATH=".deploy/dev",
        DEPLOY_MIGRATE="sudo true",
        DEPLOY_RESTART="sudo true",
    )
    _, inside = without_rules(tmp_path)
    words = [*inside, BIN / "fab", "deploy", "--env=dev"]
    done = subprocess.run(words, cwd=local.root, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1
    assert "DEPLOY_MIGRATE may not run `sudo true`" in done.stderr
    assert "DEPLOY_RESTART may not run `sudo true`" in done.stderr
    assert not list((local.root / ".deploy/dev").glob("releases/*"))


def test_an_interpreter_that_cannot_start_is_found_with_its_own_words(local: Plain, tmp_path: Path) -> None:
    words = "error while loading shared libraries: libpython3.12.so.1.0: cannot open shared object file"
    broken = tmp_path / "python"
    program(broken, f"echo 'python: {words}' >&2; exit 127")
    local.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev", DEPLOY_PYTHON=broken)
    for command in ("check", "deploy"):
        done = local.fab(command, "--env=dev")
        assert done.code == 1 and f"{broken} cannot start: python: {words}; mend it" in done.err
        assert "python3-venv" not in done.err
    broken.write_text("no program\n")
    done = local.fab("check", "--env=dev")
    assert done.code == 1 and f"{broken} cannot start: Exec format error" in done.err


def test_start_up_files_that_print_are_found(alone: Site) -> None:
    (alone.farm.hosts[0].home / ".bashrc").write_text("echo Welcome to host1\n")
    for command in ("check", "deploy"):
        done = alone.project.fab(command, "--env=staging")
        assert done.code == 1 and "start-up files" in done.err and "'Welcome to host1'" in done.err
    assert alone.currents() == [None]


def test_what_is_mounted_read_only_or_noexec_is_found_with_its_cure(alone: Site) -> None:
    host = alone.farm.hosts[0]
    alone.farm.run(
        host,
        "mkdir -p /srv/site/.deploytasks && mount -t tmpfs -o noexec none /srv/site"
        " && mkdir -p /srv/site/.deploytasks && mount -t tmpfs -o ro none /srv/site/.deploytasks",
    )
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1
    assert "/srv/site/.deploytasks is on a file system that is mounted read-only; mount it anew" in done.err
    assert "/srv/site is on a file system that is mounted noexec" in done.err
    assert "chown" not in done.err


def test_a_path_that_everybody_may_write_is_found_also_above(alone: Site) -> None:
    site = alone.path(alone.farm.hosts[0])
    (site / "releases").mkdir(parents=True)
    (site / "releases").chmod(0o777)
    site.parent.chmod(0o1777)
    done = alone.project.fab("check", "--env=staging")
    assert done.code == 1
    assert "/srv/site/releases may be written by every user of the host; `chmod o-w" in done.err
    assert "/srv may be" not in done.err
    site.parent.chmod(0o777)
    done = alone.project.fab("check", "--env=staging")
    assert "/srv may be written by every user of the host" in done.err


def seen_by_daemon(root: Path, **asked: str) -> dict[str, object]:
    """The facts of a directory, read by another user."""
    script = (
        "import json, sys; from deploytasks.remote.agent.state import State\n"
        "from deploytasks.remote.check.facts import facts\n"
        "state = State(); state.root = sys.argv[1]; print(json.dumps(facts(state, **json.loads(sys.argv[2]))))"
    )
    words = [
        "setpriv",
        "--reuid=daemon",
        "--regid=daemon",
        "--clear-groups",
        "/usr/bin/python3",
        "-c",
        script,
    ]
    done = subprocess.run(
        [*words, root, json.dumps(asked)], capture_output=True, text=True, check=True, cwd=CODE
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_another_users_directories_and_groups_are_seen(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("srv")
    for above in (root, *root.parents[:3]):
        above.chmod(above.stat().st_mode | 0o011)
    (root / ".deploytasks/spare").mkdir(parents=True)
    shutil.chown(root, "daemon")
    found = seen_by_daemon(root, env_group="www-data")
    assert found["unwritable"] == [str(root / ".deploytasks"), str(root / ".deploytasks/spare")]
    assert (found["group"], found["user"]) == ("foreign", "daemon")
    assert seen_by_daemon(root, env_group="daemon")["group"] == ""
    assert seen_by_daemon(root, env_group="nobody-has-it")["group"] == "missing"
