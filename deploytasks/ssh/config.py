"""How a host is reached: what OpenSSH itself makes of ssh_config, once, for Fabric and rsync alike."""

from __future__ import annotations

import getpass
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.environment import Environment, Host
from ..errors import UsageError
from .route import Destination, Hop, Route

if TYPE_CHECKING:
    from .route import SshOptions


ALGORITHMS = ("Ciphers", "MACs", "KexAlgorithms", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms")
DESTINATION = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[^]]+)\]|(?P<name>[^:/]+))(?::(?P<port>\d+))?/?"
)
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:%-]*|::[A-Za-z0-9.:%]*")
LONGEST_CHAIN = 8
Answer = Mapping[str, list[str]]
"""What ssh says about a destination: keys in lower case, values in the order given."""
Ask = Callable[["Destination"], Answer]
Asked = tuple["Destination", Answer]


def route_to(environment: Environment, host: Host, options: SshOptions) -> Route:
    """The way to `host`; UsageError when ssh_config is wrong. Nothing is contacted."""
    settings = environment.settings
    config = config_file(environment.root, options.config or settings.ssh_config)
    pinned = environment.root / "environments" / "known_hosts"
    destination = Destination(host.address, host.user, host.port)
    found = chain(destination, lambda wanted: effective_settings(wanted, config, host.name))
    hops = (hop_from(wanted, told, options.identities, pinned) for wanted, told in found)
    return Route(
        host.name,
        tuple(hops),
        accept_new=settings.host_keys == "accept-new",
        connect_timeout=options.connect_timeout or settings.connect_timeout,
        passphrase=options.passphrase,
    )


def config_file(root: Path, named: str | None) -> Path | None:
    """The ssh_config to use instead of the user's and the system's; UsageError when it is missing."""
    if named is None:
        return None
    path = root / Path(named).expanduser()
    if not path.is_file():
        raise UsageError(f"{path}: there is no such ssh_config; see DEPLOY_SSH_CONFIG and -S")
    return path


def effective_settings(wanted: Destination, config: Path | None, host: str) -> dict[str, list[str]]:
    """What `ssh -G` answers; UsageError when it cannot."""
    if not PLAIN.fullmatch(wanted.name) or not PLAIN.fullmatch(wanted.user or "x"):
        named = f"{wanted.user or ''}@{wanted.name}"
        raise UsageError(f"{host}: `{named}` is not a user and host name; see DEPLOY_HOSTS and ProxyJump")
    given = {"-F": config, "-l": wanted.user, "-p": wanted.port}
    words = [word for option, value in given.items() if value for word in (option, str(value))]
    told = ask_ssh(host, ["-G", "-T", *words, "--", wanted.name])
    settings: dict[str, list[str]] = {}
    for line in told.splitlines():
        key, _, value = line.partition(" ")
        settings.setdefault(key, []).append(value)
    return settings


def ask_ssh(host: str, words: list[str]) -> str:
    """What ssh prints; UsageError when it is missing or does not like its configuration."""
    try:
        told = subprocess.run(
            ["ssh", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError as error:
        raise UsageError("ssh: not installed on this machine; install OpenSSH's client") from error
    if told.returncode != 0:
        raise UsageError(f"{host}: ssh_config cannot be used: {' '.join(told.stderr.split())}; correct it")
    return told.stdout


def chain(wanted: Destination, ask: Ask, via: tuple[Destination, ...] = (), depth: int = 0) -> list[Asked]:
    """The servers passed on the way to `wanted`, itself included. `via` overrides its ProxyJump, as -J does."""
    if depth > LONGEST_CHAIN:
        raise UsageError(f"{wanted.name}: ProxyJump goes round in circles; correct ssh_config")
    told = ask(wanted)
    jumps = via or tuple(destination(hop) for hop in told.get("proxyjump", [""])[0].split(",") if hop)
    if not jumps:
        return [(wanted, told)]
    return [*chain(jumps[-1], ask, jumps[:-1], depth + 1), (wanted, {**told, "proxycommand": []})]


def destination(text: str) -> Destination:
    """`[user@]host[:port]`, `[user@][ipv6]:port` or an ssh:// URL, as ProxyJump has them."""
    parts = DESTINATION.fullmatch(text)
    if parts is None:
        raise UsageError(f"{text}: not a host to jump through; correct ProxyJump in ssh_config")
    port = parts["port"]
    return Destination(parts["six"] or parts["name"], parts["user"], int(port) if port else None)


def hop_from(wanted: Destination, told: Answer, identities: Iterable[str], pinned: Path) -> Hop:
    """One server of the way, from ssh's answer, the identities given with -i and the pinned keys."""
    hostname, user, port = told["hostname"][0], told["user"][0], int(told["port"][0])
    tokens = {"%": "%", "h": hostname, "r": user, "p": str(port), "n": wanted.name}
    tokens |= {"u": getpass.getuser(), "d": str(Path.home())}
    named = [*identities, *told.get("identityfile", [])]
    files = [Path(expand(name, tokens)).expanduser().absolute() for name in named]
    command = next(iter(told.get("proxycommand", [])), "none")
    return Hop(
        wanted.name,
        hostname,
        port,
        user,
        identities=tuple(dict.fromkeys(file for file in files if file.is_file())),
        identities_only=told["identitiesonly"][0] == "yes",
        agent=agent_socket(told.get("identityagent", ["SSH_AUTH_SOCK"])[0], tokens),
        known_hosts=(pinned,) if pinned.is_file() else known_hosts_files(told, tokens),
        host_key_alias=next(iter(told.get("hostkeyalias", [])), None),
        proxy_command=None if command == "none" else expand(command, tokens),
        algorithms=tuple((name, told[name.lower()][0]) for name in ALGORITHMS if name.lower() in told),
    )


def expand(text: str, tokens: Mapping[str, str]) -> str:
    """The text with ssh_config's %-tokens replaced; unknown ones stay."""
    return re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), text)


def agent_socket(named: str, tokens: Mapping[str, str]) -> str | None:
    """The path that IdentityAgent names."""
    if named == "SSH_AUTH_SOCK" or named.startswith("$"):
        return os.environ.get(named.strip("${}")) or None
    return None if named == "none" else str(Path(expand(named, tokens)).expanduser())


def known_hosts_files(told: Answer, tokens: Mapping[str, str]) -> tuple[Path, ...]:
    """The user's files, then the system's."""
    names: list[str] = []
    for key in ("userknownhostsfile", "globalknownhostsfile"):
        value = told.get(key, ["none"])[0]
        # `ssh -G` does not quote: one path with spaces looks like two paths.
        names += [value] if Path(value).exists() else value.split()
    return tuple(Path(expand(name, tokens)).expanduser() for name in names if name != "none")
