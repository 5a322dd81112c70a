"""`fab check`: what would fail a deploy is found before anything changes, each finding with its cure."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploytasks.commands.check.sudo import SudoCommand, sudo_commands
from deploytasks.remote.check.sudo import line
from tests.release.project import BIN, Plain
from tests.release.site import Site
from tests.rig import Sshd, farm, own_mounts, program


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
    assert (
        done.code == 1 and "/srv/sealed is not writable for root; `chown root /srv/sealed/site`" in done.err
    )


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
