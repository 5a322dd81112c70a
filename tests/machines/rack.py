"""The machines of one test run, with one ssh_config, one known_hosts and one identity."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.machines.cache import own_place
from tests.machines.cgroup import Cgroup, remove_group
from tests.machines.machine import Machine
from tests.machines.namespaces import HERE
from tests.machines.registries import PROXY_PORT, Registries, registries
from tests.machines.tree import tree
from tests.machines.trial import obstacle
from tests.rig import make_key

SSH_CONFIG = """\
Host {machine.name}
  HostName {machine.name}
  ProxyCommand {connect}

"""
EVERY_MACHINE = """\
Host *
  User deploy
  IdentityFile {rack.identity}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {rack.known_hosts}
  GlobalKnownHostsFile none
"""


@dataclass
class Rack:
    """Starts machines; all of them end with it."""

    directory: Path
    machines: dict[str, Machine] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.authorized = make_key(self.identity)
        self.write()

    @property
    def ssh_config(self) -> Path:
        """For DEPLOY_SSH_CONFIG: every machine by its name, as the user `deploy`."""
        return self.directory / "ssh_config"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    @property
    def identity(self) -> Path:
        return self.directory / "identity"

    @cached_property
    def registries(self) -> Registries:
        return registries()

    def start(
        self,
        name: str,
        *packages: str,
        release: str = "bookworm",
        with_uv: bool = True,
        with_registries: bool = False,
    ) -> Machine:
        """A running machine of that host name, with further Debian packages, whose services are started.

        With uv installs are quick; with registries pip, uv and apt reach those that they use on this machine.
        """
        assert name not in self.machines, f"{name} exists"
        directory = self.directory / "machines" / name
        cgroup = Cgroup.of(self.directory.name, name)
        machine = Machine(name, tree(release, packages, with_uv), directory, cgroup, self.authorized)
        self.machines[name] = machine
        if with_registries:
            self.registries.configure(directory / "upper")
            machine.answers[PROXY_PORT] = self.registries.answer
        self.write()
        machine.boot()
        failed = machine.run("systemctl --failed --plain --no-legend")
        assert failed == "", f"{name}: {failed}"
        return machine

    def stop(self, machine: Machine) -> None:
        """End it, and remove what it was."""
        machine.remove()
        del self.machines[machine.name]
        self.write()

    def close(self) -> None:
        for machine in list(self.machines.values()):
            self.stop(machine)

    def write(self) -> None:
        """Write ssh_config and known_hosts for the machines as they are now."""
        machines = self.machines.values()
        self.known_hosts.write_text("".join(f"{each.name} {each.public_key}\n" for each in machines))
        blocks = [SSH_CONFIG.format(machine=each, connect=proxy_command(each)) for each in machines]
        self.ssh_config.write_text("".join(blocks) + EVERY_MACHINE.format(rack=self))

    def login(self, machine: Machine, line: str, *, user: str = "deploy", stdin: str = "") -> str:
        """What a shell line prints over ssh, in a session that PAM and logind know; fails when it fails."""
        words = ["ssh", "-F", str(self.ssh_config), "-o", "BatchMode=yes", "-l", user, machine.name, line]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, f"{machine.name}: {line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


def proxy_command(machine: Machine) -> str:
    return shlex.join([sys.executable, "-BS", str(HERE / "connect.py"), str(machine.directory), "%p"])


@contextmanager
def rack() -> Iterator[Rack]:
    """A rack without machines; nothing of it is left afterwards, nor of racks whose process was killed."""
    assert not obstacle(), f"no machine can be made here: {obstacle()}"
    with own_place(remove_group) as place:
        made = Rack(place)
        try:
            yield made
        finally:
            made.close()
