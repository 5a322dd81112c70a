"""Routes: the hops to a host, each with its address, keys and way of proving itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config.secret import Secret
from ..errors import UsageError

PRIVATE = "_runtime_ssh_path"
"""Where Fabric's config holds the file that -S names."""


@dataclass(frozen=True)
class SshOptions:
    """What fab's core options -S, -i, -t and --prompt-for-passphrase ask for."""

    config: str | None = None
    identities: tuple[str, ...] = ()
    connect_timeout: float | None = None
    passphrase: Secret | None = None

    @classmethod
    def from_config(cls, config: Any) -> SshOptions:
        """The options in a Fabric (or Invoke) config; UsageError for what rsync could not be given."""
        given = config.get("connect_kwargs") or {}
        if given.get("password") is not None:
            raise UsageError(
                "--prompt-for-login-password: rsync cannot be given it; use a key or an ssh-agent"
            )
        keys = given.get("key_filename") or ()
        passphrase = given.get("passphrase")
        file = ssh_config_of(config, sys.argv[1:])
        return cls(
            config=None if file is None else str(Path(file).expanduser().absolute()),
            identities=(keys,) if isinstance(keys, str) else tuple(keys),
            connect_timeout=given.get("timeout"),
            passphrase=None if passphrase is None else Secret(passphrase),
        )


def ssh_config_of(config: Any, words: Sequence[str]) -> str | None:
    """The file that fab's -S names: as its config holds it, else as the command line `words` do."""
    given: str | None = getattr(config, PRIVATE, None)
    if hasattr(config, PRIVATE) or "ssh_config_path" not in config:  # else Fabric holds it elsewhere now
        return given
    import argparse

    core = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    core.add_argument("-S", "--ssh-config")
    named: str | None = core.parse_known_args(words)[0].ssh_config or config["ssh_config_path"]
    return named


@dataclass(frozen=True)
class Destination:
    """A name that ssh_config is asked about, with the user and port that override it."""

    name: str
    user: str | None = None
    port: int | None = None


@dataclass(frozen=True)
class Hop:
    """One SSH server on the way, with all that is needed to log in to it."""

    name: str
    hostname: str
    port: int
    user: str
    identities: tuple[Path, ...] = ()
    """Existing files, in the order to try."""
    identities_only: bool = False
    agent: str | None = None
    """The agent's socket; None when there is no agent to ask."""
    known_hosts: tuple[Path, ...] = ()
    """Files that hold the keys of known hosts; they need not exist."""
    host_key_alias: str | None = None
    proxy_command: str | None = None
    algorithms: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def host_key_name(self) -> str:
        """The name under which known_hosts files list this server."""
        if self.host_key_alias:
            return self.host_key_alias
        return self.hostname if self.port == 22 else f"[{self.hostname}]:{self.port}"

    @property
    def address(self) -> str:
        """For people."""
        return f"{self.hostname} port {self.port}"


@dataclass(frozen=True)
class Route:
    """The way to a host: its jump hosts in the order they are passed, then the host itself."""

    host: str
    """Name for messages, as in DEPLOY_HOSTS."""
    hops: tuple[Hop, ...]
    accept_new: bool = False
    connect_timeout: float = 10.0
    passphrase: Secret | None = None

    @property
    def target(self) -> Hop:
        return self.hops[-1]

    @property
    def direct(self) -> bool:
        """Whether no jump host is passed."""
        return len(self.hops) == 1
