"""The ssh_config that OpenSSH is given for one host, so that rsync travels exactly as Fabric does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError
from ..shell import command
from .route import Hop, Route

SHARED = """\
BatchMode {batch}
PreferredAuthentications publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
NumberOfPasswordPrompts 1
StrictHostKeyChecking {checking}
ConnectTimeout {timeout}
ServerAliveInterval 15
ServerAliveCountMax 2
UpdateHostKeys no
CheckHostIP no
ForwardAgent no
ForwardX11 no
ControlMaster no
LogLevel ERROR
"""
OWN_CIPHERS = frozenset(
    (
        "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",
    )
)
"""What OpenSSH offers where nobody has chosen otherwise: up to 9.9, and from 10.0 on (myproposal.h)."""
LONGEST_SOCKET = 90
"""Bytes of a ControlPath: a Unix socket's limit, less what ssh appends while it makes one."""


def ssh_words(route: Route, config: Path, *options: str, run: str) -> list[str]:
    """OpenSSH's client on its way to the end of a route."""
    target = route.target
    logged_in = ["-p", str(target.port), "-l", target.user]
    return ["ssh", "-F", str(config), *options, *logged_in, "--", target.hostname, run]


@contextmanager
def written_config(route: Route) -> Iterator[Path]:
    """A private ssh_config file for `route`, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="deploytasks-ssh-") as directory:
        path = Path(directory) / "config"
        path.touch(mode=0o600)
        path.write_text(render(route, path), "utf-8")
        yield path


def askpass(route: Route, directory: Path) -> dict[str, str]:
    """What lets ssh unlock keys with the route's passphrase: in its environment, which only its user can read."""
    if route.passphrase is None:
        return {}
    program = directory / "askpass"
    program.touch(mode=0o700)
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$DEPLOYTASKS_PASSPHRASE\"\n")
    asked = {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none"}
    return {**asked, "DEPLOYTASKS_PASSPHRASE": route.passphrase.reveal()}


def render(route: Route, path: Path) -> str:
    """The whole file, for `path`: every jump host under a name of its own, and the host under any other name.

    Jump hosts need made-up names because two servers of a route may share one HostName.
    """
    checking = "accept-new" if route.accept_new else "yes"
    timeout = max(1, round(route.connect_timeout))
    parts = [SHARED.format(checking=checking, timeout=timeout, batch="no" if route.passphrase else "yes")]
    names = [f"jump-{number}" for number in range(1, len(route.hops))]
    for number, hop in enumerate(route.hops):
        match = names[number] if number < len(names) else " ".join(["*", *(f"!{name}" for name in names)])
        parts.append(block(match, hop, through(path, names[number - 1]) if number else own_way(hop)))
    socket = master_socket(path)
    parts[-1] += f"  ControlPath {quoted(socket) if socket else 'none'}\n"
    return "\n".join(parts)


def block(match: str, hop: Hop, proxy_command: str) -> str:
    """The settings of one server."""
    lines = [
        ("HostName", hop.hostname),
        ("Port", str(hop.port)),
        ("User", quoted(hop.user)),
        ("IdentitiesOnly", "yes" if hop.identities_only else "no"),
        ("IdentityAgent", quoted(hop.agent) if hop.agent else "none"),
        ("UserKnownHostsFile", " ".join(quoted(file) for file in hop.known_hosts) or "none"),
        ("GlobalKnownHostsFile", "none"),
        *(("IdentityFile", quoted(file)) for file in hop.identities or ("none",)),
        *([("HostKeyAlias", quoted(hop.host_key_alias))] if hop.host_key_alias else []),
        ("ProxyCommand", proxy_command),
        *((kind, quickest(names)) for kind, names in hop.algorithms),
    ]
    return "\n".join([f"Host {match}", *(f"  {key} {value}" for key, value in lines), ""])


def quickest(names: str) -> str:
    """Algorithms in the order to offer them. Of OpenSSH's own ciphers those go first that processors have instructions
    for: with ChaCha20 a first upload took 1.1 times as long. An order that somebody chose stays.
    """
    if names not in OWN_CIPHERS:
        return names
    return ",".join(sorted(names.split(","), key=lambda name: "-gcm@" not in name))


def master_socket(path: Path) -> Path | None:
    """Where a Master's socket is, beside the configuration; None where sockets cannot have so long a name."""
    socket = path.parent / "master"
    return socket if len(os.fsencode(socket)) <= LONGEST_SOCKET else None


def through(path: Path, jump: str) -> str:
    """What ProxyJump would do, which cannot pass on a configuration file whose path has a space."""
    return command("ssh", "-F", str(path).replace("%", "%%"), "-W", "[%h]:%p", jump).shell


def own_way(hop: Hop) -> str:
    """The server's own ProxyCommand, its tokens already replaced."""
    return "none" if hop.proxy_command is None else hop.proxy_command.replace("%", "%%")


def quoted(value: object) -> str:
    """A word as ssh_config reads it back, tokens included."""
    text = str(value)
    if '"' in text or "\n" in text:
        raise UsageError(f"{text!r}: ssh_config cannot hold this; rename it")
    return '"' + text.replace("%", "%%") + '"'
