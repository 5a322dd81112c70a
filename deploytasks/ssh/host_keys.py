"""Host keys: only what known_hosts says is trusted, on jump hosts too, by OpenSSH's own reading of it."""

from __future__ import annotations

import fcntl
import shlex
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from ..errors import Unreachable
from .first_session import Transport
from .route import Hop
from .tcp import tuned

SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
"""Names under which a key of that type is negotiated, where they differ."""


@dataclass(frozen=True)
class KnownKey:
    """A line of a known_hosts file that matches a server."""

    kind: str
    text: str
    file: Path
    marker: str = ""


def known_keys(hop: Hop) -> tuple[KnownKey, ...]:
    """Every line about `hop`: hashed names, patterns and markers are read by ssh-keygen."""
    return tuple(
        key for file in hop.known_hosts if file.is_file() for key in keys_in(file, hop.host_key_name)
    )


def keys_in(file: Path, name: str) -> list[KnownKey]:
    words = ["ssh-keygen", "-F", name, "-f", str(file)]
    told = subprocess.run(words, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    found = []
    for line in told.splitlines():
        fields = line.split()
        marker = fields.pop(0) if line.startswith("@") else ""
        if not line.startswith("#") and len(fields) >= 3:
            found.append(KnownKey(fields[1], fields[2], file, marker))
    return found


class HostKeyPolicy(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Accepts a key that known_hosts has, and with `accept_new` the first key of an unknown server.

    The client is given no keys of its own, so that every key comes here: Paramiko's own reading knows no
    patterns, no markers and only one key of a kind, and its AutoAddPolicy rewrites the file.
    """

    def __init__(self, host: str, hop: Hop, *, accept_new: bool, jump: str | None = None) -> None:
        self.host, self.hop, self.accept_new, self.jump = host, hop, accept_new, jump
        self.known = known_keys(hop)

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Raises Unreachable unless `key` is trusted."""
        kinds = {known.marker for known in self.known if known.text == key.get_base64()}
        if "@revoked" in kinds:
            raise Unreachable(f"{self._key(key)} is revoked in {self._files()}; do not connect")
        if "" in kinds:
            return
        plain = next((known for known in self.known if not known.marker), None)
        if plain is not None:
            raise Unreachable(self._changed(plain, key))
        if not self.accept_new or any(known.marker for known in self.known):
            raise Unreachable(self._unknown(key))
        self._accept(key)

    def transport(self, sock: Any, **settings: Any) -> Transport:
        """A transport that asks for a kind of key we know, and that notices when the other side is gone."""
        transport = Transport(tuned(sock) if isinstance(sock, socket.socket) else sock, **settings)
        offered = transport.get_security_options()
        plain = {known.kind for known in self.known if not known.marker}
        kinds = {name for kind in plain for name in SIGNATURES.get(kind, (kind,))}
        # A kind we know goes first; else a server with several keys would look as if its key had changed.
        offered.key_types = sorted(offered.key_types, key=lambda kind: kind not in kinds)
        return transport

    def _accept(self, key: Any) -> None:
        """Append one line to the first file, unless another connection has just done so."""
        if not self.hop.known_hosts:
            raise Unreachable(self._unknown(key))
        file = self.hop.known_hosts[0]
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("a+", encoding="utf-8") as lines:
            fcntl.flock(lines, fcntl.LOCK_EX)
            if known := keys_in(file, self.hop.host_key_name):
                self.known = tuple(known)
                self.accept_new = False
                self.missing_host_key(None, "", key)
            else:
                lines.write(f"{self.hop.host_key_name} {key.get_name()} {key.get_base64()}\n")

    def _key(self, key: Any) -> str:
        return f"{self.host}: the host key {key.fingerprint} of {self.hop.address}"

    def _files(self) -> str:
        return " ".join(str(file) for file in self.hop.known_hosts) or "any file (UserKnownHostsFile is none)"

    def _changed(self, known: KnownKey, key: Any) -> str:
        forget = shlex.join(["ssh-keygen", "-R", self.hop.host_key_name, "-f", str(known.file)])
        return (
            f"{self._key(key)} is not the one in {known.file}: the host was reinstalled, or somebody is in between; "
            f"when you know that it is right, `{forget}` and add the new one"
        )

    def _unknown(self, key: Any) -> str:
        scan = ["ssh-keyscan", "-p", str(self.hop.port), self.hop.hostname]
        line = shlex.join(["ssh", self.jump, *scan] if self.jump else scan)
        file = shlex.quote(str(self.hop.known_hosts[0])) if self.hop.known_hosts else "~/.ssh/known_hosts"
        if any(known.marker == "@cert-authority" for known in self.known):
            return f"{self._key(key)} is in {self._files()} by @cert-authority alone, which Fabric cannot check; add it"
        return (
            f"{self._key(key)} is not in {self._files()}; compare it with the host's own, then "
            f"`{line} >> {file}`, or set DEPLOY_HOST_KEYS=accept-new"
        )
