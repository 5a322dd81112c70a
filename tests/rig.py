"""Real sshd hosts on the loopback: one machine is many hosts, each with its own key, home, /srv, processes.

As root every host runs in mount and PID namespaces of its own: its directories are bind-mounted over /srv and
the user's home, and when its first process ends everything on it has ended. Unprivileged, hosts share home and
processes and `remote_srv` is a path of this machine; everything else is the same.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = os.geteuid() == 0
SSHD = "/usr/sbin/sshd"
JUMP = "jump"

SSHD_CONFIG = """\
ListenAddress {listen}
HostKey {directory}/host_key
AuthorizedKeysFile {authorized_keys}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxSessions 100
SetEnv PATH={path}
Subsystem sftp internal-sftp
LogLevel VERBOSE
"""

EVERY_HOST = """\
Host *
  User {user}
  IdentityFile {farm.identity}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {farm.known_hosts}
  GlobalKnownHostsFile none
"""


def wait_until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Return as soon as `condition()` is true; fail the test when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def program(place: Path, script: str) -> None:
    """Put an executable shell script at a place."""
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


GIVEN: set[int] = set()
"""Ports that were given to somebody, who may not listen yet."""


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nothing listens on, and that nobody of this process was given before."""
    while True:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.bind((address, 0))
            port: int = probe.getsockname()[1]
        if port not in GIVEN:
            GIVEN.add(port)
            return port


def make_key(path: Path, passphrase: str = "") -> str:
    """Create an ed25519 key pair at `path`, replacing an older one; the public line without its comment."""
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path], check=True)
    return path.with_suffix(".pub").read_text().strip()


@dataclass
class Sshd:
    """One host. `srv` and `home` are where its /srv and home lie on this machine."""

    alias: str
    directory: Path
    authorized_keys: Path
    address: str = "127.0.0.1"
    port: int = 0
    public_key: str = ""
    extra: str = "MaxStartups 100\n"
    """Further lines of its sshd_config, from the next `start`."""
    tracer: tuple[str, ...] = ()
    """Words before those that start sshd, from the next `start`."""
    with_uv: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.srv.mkdir(parents=True)
        self.home.mkdir(mode=0o700)
        self.port = self.port or free_port(self.address)
        self.public_key = make_key(self.directory / "host_key")

    @property
    def srv(self) -> Path:
        return self.directory / "srv"

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def name(self) -> str:
        """The entry for DEPLOY_HOSTS: an alias of the farm's ssh_config."""
        return self.alias

    @property
    def remote_srv(self) -> str:
        """The path of `srv` as the host sees it: put DEPLOY_PATH below it."""
        return "/srv" if ROOT else str(self.srv)

    @property
    def search_path(self) -> str:
        """PATH on the host: a login's, after a directory that holds uv only, so that installs are quick."""
        tools = self.directory / "tools"
        tools.mkdir(exist_ok=True)
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        if uv and self.with_uv and not (tools / "uv").exists():
            (tools / "uv").symlink_to(uv)
        return f"{tools}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    @property
    def endpoint(self) -> str:
        """The host as known_hosts and DEPLOY_HOSTS name it: [address]:port."""
        return f"[{self.address}]:{self.port}"

    @property
    def log(self) -> str:
        """What sshd has said so far, at level VERBOSE."""
        return (self.directory / "sshd.log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Serve; returns when the port answers."""
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        settings = {
            "listen": f"{bracketed}:{self.port}",
            "directory": self.directory,
            "path": self.search_path,
        }
        config = self.directory / "sshd_config"
        config.write_text(self.extra + SSHD_CONFIG.format(**settings, authorized_keys=self.authorized_keys))
        serve = [*self.tracer, SSHD, "-D", "-e", "-f", str(config)]
        with (self.directory / "sshd.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._isolated(serve) if ROOT else serve, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._answers, f"sshd of {self.alias} answers")

    def _isolated(self, serve: list[str]) -> list[str]:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        home = Path.home()
        binds = [(str(self.srv), "/srv"), (str(self.home), str(home))]
        for kept in {sys.base_prefix, sys.prefix}:
            if Path(kept).is_relative_to(home):
                (self.home / Path(kept).relative_to(home)).mkdir(parents=True, exist_ok=True)
                binds.insert(0, (kept, str(self.home / Path(kept).relative_to(home))))
        mounts = [shlex.join(["mount", "--rbind", *bind]) for bind in binds]
        script = " && ".join([*mounts, "cd /"])
        return [*own_mounts(script, "-p", "--fork", "--mount-proc", "--kill-child=KILL"), *serve]

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"sshd of {self.alias} ended: {self.log}")
        try:
            with socket.create_connection((self.address, self.port), 1.0) as client:
                return client.recv(4) == b"SSH-"
        except OSError:
            return False

    def stop(self) -> None:
        """Drop off the network at once: nothing of the host runs any more. Its files stay for `start`."""
        if self.process is None:
            return
        # sshd first: nobody may live to tell what became of a child. As root it is the namespace's first process,
        # which takes all others along, and `unshare` must live to reap it.
        for pid in [*([] if ROOT else [self.process.pid]), *descendants(self.process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def change_key(self) -> None:
        """Restart with a new host key, unknown to known_hosts."""
        self.stop()
        self.public_key = make_key(self.directory / "host_key")
        self.start()


def own_mounts(script: str, *options: str) -> list[str]:
    """The words before a program's that run it where the mounts of `script` are, which nobody else sees."""
    # In a chroot `/` is no mount point, and its propagation cannot be changed.
    mounted = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    propagation = "private" if "/" in mounted else "unchanged"
    unshare = ["unshare", "-m", f"--propagation={propagation}", *options]
    return [*unshare, "sh", "-c", f'{script} && exec "$@"', "sh"]


def descendants(pid: int) -> list[int]:
    """Children and theirs, parents first."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], check=False, capture_output=True).stdout
    return [found for child in listed.split() for found in [int(child), *descendants(int(child))]]


@dataclass
class Farm:
    """Hosts with one ssh_config, one known_hosts and one identity. `hosts` leaves out the jump host."""

    directory: Path
    hosts: tuple[Sshd, ...]
    jump: Sshd | None = None

    @property
    def ssh_config(self) -> Path:
        """For DEPLOY_SSH_CONFIG: the aliases; with a jump host, the last host is reached through it.

        It holds for hosts given as `address:port` too.
        """
        return self.directory / "ssh_config"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    @property
    def identity(self) -> Path:
        return self.directory / "identity"

    @property
    def everyone(self) -> tuple[Sshd, ...]:
        return (*self.hosts, self.jump) if self.jump else self.hosts

    def write(self) -> None:
        """Write ssh_config and known_hosts for the hosts as they are now."""
        self.known_hosts.write_text("".join(f"{host.endpoint} {host.public_key}\n" for host in self.everyone))
        blocks = [self._block(host) for host in self.everyone]
        self.ssh_config.write_text("\n".join([*blocks, EVERY_HOST.format(farm=self, user=getpass.getuser())]))

    def _block(self, host: Sshd) -> str:
        via = f"  ProxyJump {JUMP}\n" if self.jump and host is self.hosts[-1] else ""
        return f"Host {host.alias}\n  HostName {host.address}\n  Port {host.port}\n{via}"

    def run(self, host: Sshd, line: str) -> str:
        """What a shell line prints on the host, by OpenSSH's own client; fails when it fails."""
        words = ["ssh", "-F", str(self.ssh_config), "-o", "BatchMode=yes", host.alias, line]
        return subprocess.run(
            words, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
        ).stdout


@contextmanager
def farm(
    directory: Path, *, count: int = 1, jump: bool = False, address: str = "127.0.0.1"
) -> Iterator[Farm]:
    """`count` running hosts named host1, host2, …; all are ended on the way out."""
    base = directory / "farm"
    base.mkdir(mode=0o700)
    authorized = base / "authorized_keys"
    authorized.write_text(make_key(base / "identity") + "\n")
    hosts = tuple(Sshd(f"host{n}", base / f"host{n}", authorized, address) for n in range(1, count + 1))
    made = Farm(base, hosts, Sshd(JUMP, base / JUMP, authorized) if jump else None)
    made.write()
    try:
        for host in made.everyone:
            host.start()
        yield made
    finally:
        for host in made.everyone:
            host.stop()
