"""A machine of the rack is a Debian as one rents it, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machines.cgroup import Cgroup
from tests.machines.machine import Machine
from tests.machines.rack import Rack, rack
from tests.machines.registries import PROXY_PORT
from tests.machines.tree import KNOWN
from tests.rig import wait_until

UNIT = "[Service]\nExecStart=sleep infinity\n"
SUDOERS = "deploy ALL=(root) NOPASSWD: /usr/bin/id -u\n"
PIP = "PYTHONPATH=$(echo /usr/share/python-wheels/pip-*.whl) python3 -m pip"
NO_LISTS = "-o Acquire::IndexTargets::deb::Packages::DefaultEnabled=no -o Acquire::Languages=none"
REQUEST = r"GET / HTTP/1.0\r\n\r\n"
ELSEWHERE = r"CONNECT example.com:443 HTTP/1.1\r\n\r\n"
CHECKOUT = Path(__file__).parents[2]
STARTS_AND_WAITS = """
import time
from tests.machines.registries import PROXY_PORT
from tests.machines.rack import rack
with rack() as made:
    machine = made.start("left")
    machine.run("sleep 1000 >/dev/null 2>&1 &")
    print(made.directory, flush=True)
    time.sleep(1000)
"""


@pytest.fixture(scope="module", params=sorted(KNOWN))
def machine(request: pytest.FixtureRequest, rack: Rack) -> Machine:
    return rack.start(f"one-{request.param}", release=request.param)


def test_it_runs_the_release_that_was_asked_for_with_systemd_as_its_first_process(machine: Machine) -> None:
    release = machine.tree.release
    told = machine.run(
        "cat /proc/1/comm; systemctl is-system-running; . /etc/os-release; echo $VERSION_CODENAME"
    )
    assert told.split() == ["systemd", "running", release]
    assert machine.run("python3 --version").startswith(f"Python {KNOWN[release]}.")


def test_a_login_is_a_session_of_pam_and_logind(rack: Rack, machine: Machine) -> None:
    told = rack.login(
        machine, "id -un; hostname; echo $XDG_RUNTIME_DIR; loginctl show-session $XDG_SESSION_ID -P Service"
    )
    assert told.split() == ["deploy", machine.name, "/run/user/1000", "sshd"]


def test_a_lingering_users_unit_starts_over_ssh_and_comes_back_with_the_machine(
    rack: Rack, machine: Machine
) -> None:
    machine.run("loginctl enable-linger deploy")
    rack.login(machine, f"mkdir -p .config/systemd/user; printf '{UNIT}' >.config/systemd/user/nap.service")
    rack.login(machine, "systemctl --user add-wants default.target nap && systemctl --user start nap")
    ask = "systemctl --user show --property=ActiveState,MainPID --value nap; cat /proc/sys/kernel/random/boot_id"
    before = machine.init
    assert rack.login(machine, ask).split()[1] == "active"
    machine.reboot()
    assert rack.login(machine, ask).split()[1] == "active"
    assert machine.init != before


def test_sudo_asks_pam_and_allows_what_sudoers_says(rack: Rack, machine: Machine) -> None:
    machine.run("umask 337; cat >/etc/sudoers.d/deploy", stdin=SUDOERS)
    assert rack.login(machine, "sudo -n id -u; sudo -n id -g 2>/dev/null || echo refused") == "0\nrefused\n"
    assert "pam_unix(sudo:session)" in machine.run("journalctl --boot --identifier=sudo --output=cat")


def test_a_unit_of_a_package_that_was_asked_for_is_installed_and_started(rack: Rack) -> None:
    machine = rack.start("front", "nginx")
    assert machine.run("systemctl is-active nginx") == "active\n"
    with machine.connect(80) as client:
        assert answer(client) == b"HTTP/1.1 200 OK"


def test_a_machine_reaches_what_it_is_given_of_another_also_after_both_were_off(rack: Rack) -> None:
    front, web = rack.machines["front"], rack.start("web")
    web.forward(8080, front, to=80)
    here = front.exposed(80)
    ask = f"exec 3<>/dev/tcp/127.0.0.1/8080; printf '{REQUEST}' >&3; head -1 <&3"
    assert web.run(ask) == "HTTP/1.1 200 OK\n"
    web.reboot()
    front.unplug()
    assert web.attempt(ask).stdout == ""
    front.boot()
    assert web.run(ask) == "HTTP/1.1 200 OK\n"
    with socket.create_connection(("127.0.0.1", here)) as client:
        assert answer(client) == b"HTTP/1.1 200 OK"


def answer(client: socket.socket) -> bytes:
    """The first line of what a web server answers."""
    client.sendall(REQUEST.encode().decode("unicode_escape").encode())
    return client.makefile("rb").readline().strip()


def test_a_unit_may_have_users_of_its_own_where_this_machine_lets_a_process_have_them(rack: Rack) -> None:
    here = subprocess.run(["unshare", "--user", "true"], capture_output=True)
    there = rack.machines["front"].attempt("systemd-run --wait --quiet --property=PrivateUsers=yes true")
    assert (there.returncode == 0) == (here.returncode == 0)


def test_a_machine_has_no_network_but_its_loopback(rack: Rack) -> None:
    assert rack.machines["web"].run("ls /sys/class/net; ip route").split() == ["lo"]


def test_pip_uv_and_apt_reach_registries_only_where_they_are_given(rack: Rack) -> None:
    machine = rack.start("buyer", with_registries=True)
    assert "InRelease" in machine.run(f"apt-get -q update {NO_LISTS}")
    machine.run(f"{PIP} -q download --no-deps --dest /tmp/wheels idna")
    machine.run("uv -q pip install --target /tmp/installed --only-binary :all: idna")
    elsewhere = f"exec 3<>/dev/tcp/127.0.0.1/{PROXY_PORT}; printf '{ELSEWHERE}' >&3; head -1 <&3"
    assert machine.run(elsewhere) == "HTTP/1.1 403 not a registry of this machine\n"
    assert "Connection refused" in rack.machines["web"].attempt(elsewhere).stderr


def left_of(directory: Path) -> list[str]:
    """What this machine knows of a rack: the groups of its processes, their mounts, its files."""
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if str(directory) in line]
    return [*map(str, Cgroup.of(directory.name).groups()), *mounts, *map(str, directory.rglob("*"))]


def test_a_rack_leaves_no_process_no_mount_no_group_and_no_file() -> None:
    with rack() as made:
        machine = made.start("gone")
        machine.run("setsid sleep 1000 >/dev/null 2>&1 &")
        pids = machine.cgroup.processes()
        assert len(pids) > 5
        assert len(left_of(made.directory)) > 5
        made.stop(made.start("stopped"))
        assert [path for path in left_of(made.directory) if "stopped" in path] == []
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "this machine's init reaped them"
    )
    assert left_of(made.directory) == []
    assert not made.directory.exists()


def test_of_a_killed_run_no_process_lives_and_the_next_run_removes_the_rest() -> None:
    program = [sys.executable, "-c", STARTS_AND_WAITS]
    with subprocess.Popen(program, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        directory = Path(run.stdout.readline().strip())
        group = Cgroup.of(directory.name)
        assert len(group.processes()) > 5
        os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not group.processes(), "everything has ended")
    assert left_of(directory) != []
    with rack():
        pass
    assert left_of(directory) == []
    assert not directory.exists()
