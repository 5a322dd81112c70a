"""One machine: its files, and its life from boot to the pulled plug."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.machines.cgroup import Cgroup
from tests.machines.namespaces import HERE, OWN_MACHINE, entering, in_cgroup, in_network_of
from tests.machines.network import first_process
from tests.machines.relay import Answer, Relay
from tests.machines.tree import Tree
from tests.rig import make_key, wait_until


@dataclass
class Machine:
    """A Debian of its own. `directory` has its files; those that it wrote itself are in `directory`/upper."""

    name: str
    tree: Tree = field(repr=False)
    directory: Path = field(repr=False)
    cgroup: Cgroup = field(repr=False)
    identity: str = field(repr=False)
    """The public key that opens it for root and deploy."""
    public_key: str = field(default="", repr=False)
    answers: dict[int, Answer] = field(default_factory=dict, repr=False)
    """What answers at these ports of its loopback, out here, whenever it is on."""
    inside: dict[int, Relay] = field(default_factory=dict, repr=False)
    """Relays that listen in its network, which ends with each boot, from before its services start."""
    outside: list[Relay] = field(default_factory=list, repr=False)
    life: threading.Thread | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(parents=True)
        own = {
            "hostname": f"{self.name}\n",
            "hosts": f"127.0.0.1 localhost {self.name}\n::1 localhost\n",
            "machine-id": f"{uuid.uuid4().hex}\n",
            "ssh/authorized_keys/root": self.identity,
            "ssh/authorized_keys/deploy": self.identity,
        }
        for path, text in own.items():
            target = self.directory / "upper/etc" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.public_key = make_key(self.directory / "upper/etc/ssh/ssh_host_ed25519_key")

    @property
    def init(self) -> int | None:
        """The pid, out here, of its first process; None while it is off."""
        return first_process(self.directory)

    @property
    def log(self) -> str:
        """What it said before its journal began."""
        return (self.directory / "boot.log").read_text("utf-8", "replace")

    @property
    def root(self) -> Path:
        """Its files as this machine sees them while it runs. (An absolute link in them leads astray.)"""
        return Path(f"/proc/{self.init}/root")

    def boot(self) -> None:
        """Switch it on; returns when everything has started."""
        self.cgroup.create()
        self.life = threading.Thread(target=self._live, daemon=True)
        self.life.start()
        self.wait_until_running()

    def reboot(self) -> None:
        """As `systemctl reboot` does it, files and relays stay; returns when everything has started again."""
        before = self.init
        self.attempt("systemctl reboot")
        self.wait_until_running(before)

    def unplug(self) -> None:
        """Nothing runs there any more, at once, and nothing could be written; its files stay for `boot`."""
        self.cgroup.remove()
        if self.life:
            self.life.join()

    def remove(self) -> None:
        """Nothing is left of it."""
        self.unplug()
        while self.outside:
            self.outside.pop().close()
        shutil.rmtree(self.directory)

    def _live(self) -> None:
        # Each boot dies with this thread, so with the process of the tests, however that ends.
        boot = ["sh", HERE / "boot.sh", self.directory / "root"]
        options = self.tree.overlay(self.directory / "upper", self.directory / "work")
        words = [*in_cgroup(self.cgroup.path), *OWN_MACHINE, *boot, options, self.name]
        ended = -signal.SIGHUP
        while ended == -signal.SIGHUP:  # what reboot(2) in a PID namespace does to its first process
            with (self.directory / "boot.log").open("ab") as log:
                process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            (self.directory / "unshare.pid").write_text(str(process.pid))
            while process.poll() is None and not self._listens():
                time.sleep(0.01)
            ended = process.wait()
            (self.directory / "unshare.pid").unlink()
            while self.inside:
                self.inside.popitem()[1].close()

    def wait_until_running(self, before: int | None = None) -> None:
        """Return when everything has started, with another `init` than the one before."""

        def state() -> str:
            assert self.life is not None and self.life.is_alive(), f"{self.name} did not boot: {self.log}"
            if self.init in (None, before) or self.inside.keys() != self.answers.keys():
                return ""
            return self.attempt("timeout 60 systemctl is-system-running --wait").stdout.strip()

        wait_until(lambda: state() in ("running", "degraded"), f"{self.name} runs", 60)

    def attempt(self, line: str, *, user: str = "root", stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a shell line there, without a login: no PAM, no session; how it ended."""
        assert self.init is not None, f"{self.name} is off"
        line = f"cd\n{line}"
        words = ["HOME=/root", "bash", "-c", line]
        if user != "root":
            asked = 'export HOME=~"$0" XDG_RUNTIME_DIR=/run/user/$(id -u "$0")'
            words = ["bash", "-c", f'{asked}; exec runuser -u "$0" -- bash -c "$1"', user, line]
        words = [*in_cgroup(self.cgroup.path / "init.scope"), *entering(self.init), *words]
        return subprocess.run(words, input=stdin, capture_output=True, text=True)

    def run(self, line: str, *, user: str = "root", stdin: str = "") -> str:
        """What a shell line prints there; fails when it fails."""
        done = self.attempt(line, user=user, stdin=stdin)
        assert done.returncode == 0, f"{self.name}: {line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def connect(self, port: int) -> socket.socket:
        """A connection to a port of its loopback."""
        if self.init is None:
            raise ConnectionRefusedError(f"{self.name} is off")
        return in_network_of(self.init, lambda: socket.create_connection(("127.0.0.1", port)))

    def exposed(self, port: int) -> int:
        """A port of this machine's loopback that is its own; nothing answers there while it is off."""
        server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.outside.append(Relay(server, lambda near: self.connect(port)))
        number: int = server.getsockname()[1]
        return number

    def give(self, port: int, answer: Answer) -> None:
        """From here on, and after every boot, connections to that port of its loopback are answered out here."""
        self.answers[port] = answer
        assert self.init is None or self._listens(), f"{self.name}: port {port} cannot be had"

    def forward(self, port: int, machine: Machine, to: int | None = None) -> None:
        """A port of its loopback is that of another machine's, or that machine's port `to`."""
        self.give(port, lambda near: machine.connect(to or port))

    def _listens(self) -> bool:
        """Listen where answers are to be given; whether that is so everywhere. (Its loopback must be up.)"""
        for port in self.answers.keys() - self.inside.keys():
            init = self.init
            if init is None:
                return False
            try:
                server = in_network_of(init, partial(socket.create_server, ("127.0.0.1", port), backlog=100))
            except OSError:
                return False
            self.inside[port] = Relay(server, self.answers[port])
        return True
