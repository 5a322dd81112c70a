"""DEPLOY_HOSTS and DEPLOY_HOSTS_<ROLE>: words become hosts; two names for one host are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from .environment import Host

HOST = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?)\]|(?P<address>[A-Za-z0-9_][A-Za-z0-9_.-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
APP = "app"


def parse(texts: Mapping[str, str]) -> tuple[tuple[Host, ...], dict[str, str]]:
    """Hosts of all roles, each once, the first primary; and {key: what is wrong; next move}.

    `texts` maps DEPLOY_HOSTS and DEPLOY_HOSTS_<ROLE> to their values.
    """
    found: dict[str, Host] = {}
    problems: dict[str, str] = {}
    if not texts.get("DEPLOY_HOSTS", "").split():
        problems["DEPLOY_HOSTS"] = "is missing; set it to [user@]host[:port] words, or local: for this machine"
    for key in sorted(texts, key=lambda name: (name != "DEPLOY_HOSTS", name)):
        role = key.removeprefix("DEPLOY_HOSTS").lstrip("_").lower() or APP
        for word in texts[key].split():
            host = one(word)
            if host is None:
                problems[key] = f"{word!r} is no host; write [user@]host[:port], IPv6 as user@[::1]:22, or local:"
                continue
            known = found.get(host.name, host)
            found[host.name] = replace(known, roles=(*(name for name in known.roles if name != role), role))
    hosts = tuple(replace(host, primary=number == 0) for number, host in enumerate(found.values()))
    twin = twins(hosts)
    if twin:
        problems["DEPLOY_HOSTS"] = f"{twin[0].name} and {twin[1].name} are one host under two names; keep one"
    return hosts, problems


def one(word: str) -> Host | None:
    """The host that a word names, or None."""
    if word in ("local:", "local"):
        return Host("local", is_local=True) if word == "local:" else None
    match = HOST.fullmatch(word)
    if match is None or not 0 < int(match["port"] or 22) < 65536:
        return None
    return Host(match["bracketed"] or match["address"], match["user"], int(match["port"]) if match["port"] else None)


def twins(hosts: tuple[Host, ...]) -> tuple[Host, Host] | None:
    """Two hosts that are written differently and are one: they differ only in user or in a spelt-out default port."""
    seen: dict[tuple[str, int], Host] = {}
    for host in hosts:
        place = (host.address.lower(), host.port or 22)
        if place in seen:
            return seen[place], host
        seen[place] = host
    return None
