"""What a machine's files lie over: a Debian that debootstrap made once, and layers with further packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.machines.cache import cache, kept
from tests.machines.namespaces import HERE, OWN_MOUNTS, run_to_end

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo", "iproute2"),
    *("python3", "python3-venv", "rsync", "ca-certificates"),
)
KNOWN = {"bookworm": "3.11", "trixie": "3.13"}
"""The releases of Debian that machines can have, and their Python."""
USER_ID = 1000
"""Of the user `deploy`, who is in every tree."""
NOT_IN_NAMESPACES = (
    *("systemd-udevd.service", "systemd-udevd-kernel.socket", "systemd-udevd-control.socket"),
    *("systemd-sysctl.service", "systemd-modules-load.service", "systemd-networkd-wait-online.service"),
    *("sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount"),
    *("console-getty.service", "getty.target", "e2scrub_reap.service"),
    *("apt-daily.timer", "apt-daily-upgrade.timer"),
)
"""Units that would change this machine's kernel, or need what a namespace has not."""
SSHD = """\
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized_keys/%u
PasswordAuthentication no
MaxStartups 100
"""


@dataclass(frozen=True)
class Tree:
    """A release of Debian with packages: `lowers`, an overlay's read-only directories, the topmost first."""

    release: str
    lowers: tuple[Path, ...]

    def overlay(self, upper: Path, work: Path) -> str:
        """The options of mount(8) that put a directory to write to over the tree."""
        return f"lowerdir={':'.join(map(str, self.lowers))},upperdir={upper},workdir={work}"


def tree(release: str, packages: tuple[str, ...] = (), with_uv: bool = False) -> Tree:
    """The tree of that release and these packages; it is made when no run on this machine had it before."""
    base = kept(place(release, PACKAGES), lambda begun: make_base(release, begun))
    bare = Tree(release, (base / "root",))
    lowers = bare.lowers
    if packages:
        layer = kept(place(release, packages), lambda begun: make_layer(bare, packages, begun))
        lowers = (layer / "upper", *lowers)
    if with_uv:
        lowers = (kept(cache() / "trees" / f"uv-{version('uv')}", make_uv), *lowers)
    return Tree(release, lowers)


def place(release: str, packages: tuple[str, ...]) -> Path:
    """Where these packages are kept: other ones, or others of our files in the tree, lie elsewhere."""
    contents = repr((release, PACKAGES, NOT_IN_NAMESPACES, SSHD, USER_ID, sorted(packages)))
    scripts = "".join((HERE / name).read_text() for name in ("base.sh", "layer.sh"))
    return cache() / "trees" / f"{release}-{hashlib.sha256((contents + scripts).encode()).hexdigest()[:12]}"


def make_base(release: str, begun: Path) -> None:
    """Debian with systemd, sshd and the user `deploy`, in `begun`/root."""
    root = begun / "root"
    script = ["sh", HERE / "base.sh", root, release, ",".join(PACKAGES), str(USER_ID), archive()]
    run_to_end([*OWN_MOUNTS, *script], f"making a Debian {release}")
    (root / "etc/ssh/sshd_config.d/machine.conf").write_text(SSHD)
    for unit in NOT_IN_NAMESPACES:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")


def make_layer(bare: Tree, packages: tuple[str, ...], begun: Path) -> None:
    """What installing the packages adds to a bare tree, in `begun`/upper."""
    for name in ("upper", "work", "root"):
        (begun / name).mkdir()
    options = bare.overlay(begun / "upper", begun / "work")
    script = ["sh", HERE / "layer.sh", begun / "root", options, *packages]
    run_to_end([*OWN_MOUNTS, *script], f"installing {' '.join(packages)}")
    shutil.rmtree(begun / "work")


def make_uv(begun: Path) -> None:
    """The uv of the tests, in `begun`/usr/local/bin."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert uv, "uv: not found; install it with the other packages of the tests"
    (begun / "usr/local/bin").mkdir(parents=True)
    shutil.copy(uv, begun / "usr/local/bin/uv")


def archive() -> str:
    """The address of the Debian archive that this machine's apt uses; empty when debootstrap must know one."""
    fields = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    words = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    listed = subprocess.run(words, capture_output=True, text=True).stdout
    found = (line.split() for line in listed.splitlines() if line.startswith("http") and line.count(" ") == 2)
    return next((uri for uri, release, part in found if release in KNOWN and part == "main"), "")
