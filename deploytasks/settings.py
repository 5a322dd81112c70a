"""The DEPLOY_ keys: each text becomes a typed setting, or a problem that says what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import syntax
from .hosts import ROLE_KEY, Problems
from .syntax import Wrong

ROLE_SETTING = re.compile(r"DEPLOY_(?P<name>RESTART|HEALTH_URL)_(?P<role>[A-Z][A-Z0-9_]*)")

PARSERS: Mapping[str, Callable[[str], Any]] = {
    "path": syntax.deploy_path,
    "source": syntax.choice("commit", "worktree"),
    "branch": syntax.branch,
    "keep_releases": syntax.count,
    "shared_dirs": syntax.shared_paths,
    "shared_files": syntax.shared_paths,
    "exclude": syntax.words,
    "python": syntax.interpreter,
    "requirements": syntax.paths_in_release,
    "vendor_install": syntax.choice("wheel", "path", "none"),
    "postinstall": syntax.text,
    "migrate": syntax.text,
    "wait_for": syntax.names,
    "wait_timeout": syntax.seconds,
    "restart": syntax.text,
    "health_url": syntax.http_url,
    "health_timeout": syntax.seconds,
    "health_host": syntax.one_word,
    "health_expect": syntax.text,
    "batch": syntax.batch,
    "confirm": syntax.yes_no,
    "ssh_config": syntax.text,
    "host_keys": syntax.choice("strict", "accept-new"),
    "vendor_policy": syntax.vendor_policy,
    "vendor_local_urls": syntax.yes_no,
    "installer": syntax.choice("auto", "uv", "pip"),
    "wheelhouse": syntax.yes_no,
    "parallel": syntax.count,
    "from_process": syntax.names,
    "allow_dirty": syntax.yes_no,
    "env_group": syntax.one_word,
    "step_timeout": syntax.seconds,
    "connect_timeout": syntax.seconds,
    "decrypt": syntax.text,
    "notify": syntax.text,
    "logs": syntax.text,
    "secrets": syntax.names,
}
"""Every field of Settings but the two that hold the keys of roles."""
REQUIRED = {
    "DEPLOY_HOSTS": "the hosts, e.g. deploy@www1.example.com, or local: for this machine",
    "DEPLOY_PATH": "the directory on the host, e.g. /srv/app",
}
KNOWN = ("DEPLOY_HOSTS", *(f"DEPLOY_{name.upper()}" for name in PARSERS))


def parse(texts: Mapping[str, str], roles: Iterable[str]) -> tuple[dict[str, Any], Problems]:
    """Fields for Settings from the DEPLOY_ keys but those of the hosts; `roles` are those that have hosts."""
    found: dict[str, Any] = {}
    problems = []
    for key, text in texts.items():
        try:
            found.update(one(key, text, found, tuple(roles)))
        except Wrong as wrong:
            problems.append((key, str(wrong)))
    return found, tuple(problems)


def one(key: str, text: str, found: Mapping[str, Any], roles: tuple[str, ...]) -> dict[str, Any]:
    """The field that a key sets. Raises Wrong."""
    if key in KNOWN:
        name = key.removeprefix("DEPLOY_").lower()
        return {name: PARSERS[name](text)} if name in PARSERS else {}
    of_role = ROLE_SETTING.fullmatch(key)
    if of_role is None:
        return {} if ROLE_KEY.fullmatch(key) else unknown(key)
    name, role = of_role["name"].lower(), of_role["role"].lower()
    if role not in roles:
        raise Wrong(f"is for a role that has no hosts; set DEPLOY_HOSTS_{role.upper()}{nearest(role, roles)}")
    value = PARSERS[name](text)
    return {f"role_{name}": (*found.get(f"role_{name}", ()), (role, value))} if value else {}


def is_known(key: str) -> bool:
    """Whether a key is one of deploytasks, that of a role included."""
    return key in KNOWN or bool(ROLE_KEY.fullmatch(key) or ROLE_SETTING.fullmatch(key))


def unknown(key: str) -> dict[str, Any]:
    """Raises Wrong with the name that was probably meant."""
    import difflib

    known = [name.removeprefix("DEPLOY_") for name in KNOWN]
    close = difflib.get_close_matches(key.removeprefix("DEPLOY_"), known, 1)
    meant = key.upper() if is_known(key.upper()) else f"DEPLOY_{close[0]}" if close else ""
    raise Wrong(
        f"is unknown; {f'did you mean {meant}?' if meant else 'name keys of the application otherwise'}"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """`, or did you mean …?`, or nothing when no known name is like it."""
    import difflib

    close = difflib.get_close_matches(name, tuple(known), 1)
    return f", or did you mean {close[0]}?" if close else ""
