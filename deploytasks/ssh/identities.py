"""Who we are to an SSH server: keys in the order OpenSSH tries them, and nothing it would not try."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from paramiko.agent import AgentSSH
from paramiko.auth_strategy import AuthSource, AuthStrategy, InMemoryPrivateKey

from ..config.secret import Secret
from .route import Hop

PRIVATE = "_connect"
"""What of Paramiko's an agent at another socket than $SSH_AUTH_SOCK needs."""
KINDS = (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey)


class Identities(AuthStrategy):  # type: ignore[misc]
    """Keys that the agent holds and ssh_config names, then the agent's others, then files."""

    def __init__(self, hop: Hop, passphrase: Secret | None) -> None:
        super().__init__(ssh_config=None)
        self.hop = hop
        self.passphrase = passphrase
        self.locked: list[Path] = []
        """Files that were passed over for want of a passphrase."""

    def authenticate(self, transport: Any) -> Any:
        """Log in; raises AuthFailure when no identity is accepted."""
        with agent_keys(self.hop.agent) as held:
            self.held = held
            return super().authenticate(transport)

    def get_sources(self) -> Iterator[AuthSource]:
        named = {file: public_part(file) for file in self.hop.identities}
        wanted = [key for key in self.held if key.asbytes() in named.values()]
        others = [] if self.hop.identities_only else [key for key in self.held if key not in wanted]
        tried = {key.asbytes() for key in (*wanted, *others)}
        for key in (*wanted, *others):
            yield InMemoryPrivateKey(self.hop.user, key)
        for file, public in named.items():
            if public not in tried and (loaded := self._load(file)) is not None:
                yield InMemoryPrivateKey(self.hop.user, loaded)

    def _load(self, file: Path) -> paramiko.PKey | None:
        """The private key in `file`; None for what is not a private key that we can use."""
        secret = self.passphrase.reveal() if self.passphrase else None
        for kind in KINDS:
            try:
                key = kind.from_private_key_file(str(file), secret)
            except paramiko.PasswordRequiredException:
                self.locked.append(file)
                return None
            except (paramiko.SSHException, ValueError, OSError):
                continue
            with suppress(OSError, ValueError):  # none there, or none that can be read: the key alone may do
                key.load_certificate(f"{file}-cert.pub")
            return key
        return None


class AgentAt(AgentSSH):  # type: ignore[misc]
    """The agent that listens on a socket; Paramiko's own Agent knows only $SSH_AUTH_SOCK."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connect(connection)


@contextmanager
def agent_keys(path: str | None) -> Iterator[tuple[Any, ...]]:
    """The keys an agent holds, usable inside the block; none when it does not answer."""
    if path is None:
        yield ()
        return
    if not hasattr(AgentSSH, PRIVATE):
        own = paramiko.Agent()
        yield own.get_keys() if path == os.environ.get("SSH_AUTH_SOCK") else ()
        own.close()
        return
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            keys = tuple(AgentAt(connection).get_keys())
        except (OSError, paramiko.SSHException):
            keys = ()
        yield keys


def public_part(file: Path) -> bytes | None:
    """The public key beside (or in) an identity file, as an agent names it."""
    beside = file if file.suffix == ".pub" else Path(f"{file}.pub")
    try:
        blob: bytes = paramiko.PublicBlob.from_file(str(beside)).key_blob
    except (OSError, ValueError):
        return None
    return blob
