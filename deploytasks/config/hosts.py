"""DEPLOY_HOSTS and DEPLOY_HOSTS_<ROLE>: words become hosts; two names for one host are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .environment import Host
from .ranges import MOST, written_out

HOST = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?)\]|(?P<address>[A-Za-z0-9_][A-Za-z0-9_.-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
ROLE_KEY = re.compile(r"DEPLOY_HOSTS_(?P<role>[A-Z][A-Z0-9_]*)")
APP = "app"
LOOPBACK = ("localhost", "127.0.0.1", "::1", "local")
SYNTAX = (
    "write [user@]host[:port], IPv6 as user@[::1]:22, or local: for this machine; several with spaces between, "
    "or as a range: web[01-40].example.com"
)

Problems = tuple[tuple[str, str], ...]
"""(key, what is wrong; next move), never with a value."""


def parse(texts: Mapping[str, str]) -> tuple[tuple[Host, ...], Problems]:
    """Hosts of all roles, each once, the first of DEPLOY_HOSTS primary; `texts` are the DEPLOY_ keys."""
    found: dict[str, Host] = {}
    problems: list[tuple[str, str]] = []
    for key, role in roles(texts):
        words = texts[key].split()
        if len(words) > MOST:
            problems.append((key, f"names more than {MOST} hosts; write fewer"))
        for number, word in enumerate(words[:MOST], 1):
            named, wrong = hosts_of(word)
            problems += [(key, f"{what} as word {number}; {SYNTAX}") for what in wrong]
            for host in named:
                known = found.get(host.name, host)
                found[host.name] = replace(
                    known, roles=(*(name for name in known.roles if name != role), role)
                )
    hosts = tuple(replace(host, primary=number == 0) for number, host in enumerate(found.values()))
    problems += [
        ("DEPLOY_HOSTS", f"names one host twice, as {first.name} and {second.name}; keep one of them")
        for first, second in twins(hosts)
    ]
    if "DEPLOY_HOSTS" in texts and not texts["DEPLOY_HOSTS"].split():
        problems.append(("DEPLOY_HOSTS", f"is empty; {SYNTAX}"))
    return hosts, tuple(problems)


def roles(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The keys that name hosts with their roles, DEPLOY_HOSTS first."""
    if "DEPLOY_HOSTS" in texts:
        yield "DEPLOY_HOSTS", APP
    for match in map(ROLE_KEY.fullmatch, sorted(texts)):
        if match:
            yield match[0], match["role"].lower()


def hosts_of(word: str) -> tuple[list[Host], list[str]]:
    """The hosts that a word names, a range (`web[01-40]`) written out; and what is wrong with it."""
    try:
        named = [one(name) for name in written_out(word)]
    except ValueError as wrong:
        return [], [str(wrong)]
    known = [host for host in named if host is not None]
    return known, ["has no host"] if len(known) < len(named) else []


def one(word: str) -> Host | None:
    """The host that a word names, or None."""
    if word == "local:":
        return Host("local", is_local=True)
    match = HOST.fullmatch(word)
    if match is None or word == "local" or not 0 < int(match["port"] or 22) < 65536:
        return None
    if match["bracketed"] and not is_ipv6(match["bracketed"]):
        return None
    return Host(
        match["bracketed"] or match["address"], match["user"], int(match["port"]) if match["port"] else None
    )


def is_ipv6(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def twins(hosts: tuple[Host, ...]) -> Iterator[tuple[Host, Host]]:
    """Hosts that are written differently and are one; their DEPLOY_PATH is one directory."""
    seen: dict[tuple[str, int], Host] = {}
    for host in hosts:
        first = seen.setdefault(place(host), host)
        if first is not host:
            yield first, host


def place(host: Host) -> tuple[str, int]:
    """Where a host listens; whom one logs in as makes no other host of it."""
    address = host.address.lower().rstrip(".")
    if ":" in address:
        from ipaddress import IPv6Address

        address = IPv6Address(address).compressed
    return ("local" if address in LOOPBACK else address), host.port or 22
