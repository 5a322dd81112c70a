"""Settings: the DEPLOY_ keys, typed; each text becomes its field, or a problem that says what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import parsers
from .hosts import ROLE_KEY, Problems
from .parsers import Wrong

ROLE_SETTING = re.compile(r"DEPLOY_(?P<name>RESTART|HEALTH_URL)_(?P<role>[A-Z][A-Z0-9_]*)")

PARSERS: Mapping[str, Callable[[str], Any]] = {
    "path": parsers.deploy_path,
    "source": parsers.choice("commit", "worktree"),
    "branch": parsers.branch,
    "keep_releases": parsers.count,
    "shared_dirs": parsers.shared_paths,
    "shared_files": parsers.shared_paths,
    "exclude": parsers.words,
    "python": parsers.interpreter,
    "requirements": parsers.paths_in_release,
    "vendor_install": parsers.choice("wheel", "path", "none"),
    "postinstall": parsers.text,
    "migrate": parsers.text,
    "wait_for": parsers.names,
    "wait_timeout": parsers.seconds,
    "restart": parsers.text,
    "health_url": parsers.http_url,
    "health_timeout": parsers.seconds,
    "health_host": parsers.one_word,
    "health_expect": parsers.text,
    "health_settle": parsers.seconds_or_none,
    "health_headers": parsers.headers,
    "batch": parsers.batch,
    "confirm": parsers.yes_no,
    "ssh_config": parsers.text,
    "host_keys": parsers.choice("strict", "accept-new"),
    "vendor_policy": parsers.vendor_policy,
    "vendor_local_urls": parsers.yes_no,
    "installer": parsers.choice("auto", "uv", "pip"),
    "wheelhouse": parsers.yes_no,
    "parallel": parsers.count,
    "from_process": parsers.names,
    "allow_dirty": parsers.yes_no,
    "env_group": parsers.one_word,
    "step_timeout": parsers.seconds,
    "connect_timeout": parsers.seconds,
    "decrypt": parsers.text,
    "notify": parsers.text,
    "logs": parsers.text,
    "secrets": parsers.names,
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


@dataclass(frozen=True)
class Settings:
    """The DEPLOY_ keys, typed. Field `x_y` holds `DEPLOY_X_Y`; product documentation gives each key's meaning."""

    path: str
    source: str = "commit"
    branch: str | None = None
    keep_releases: int = 5
    shared_dirs: tuple[str, ...] = ()
    shared_files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    python: str = "python3"
    requirements: tuple[str, ...] = ()
    """Empty: the first found of uv.lock, requirements.lock, requirements.txt."""
    vendor_install: str = "wheel"
    postinstall: str | None = None
    migrate: str | None = None
    wait_for: tuple[str, ...] | None = None
    """None: DATABASE_URL when present."""
    wait_timeout: float = 120.0
    restart: str | None = None
    health_url: str | None = None
    health_timeout: float = 30.0
    health_host: str | None = None
    health_expect: str | None = None
    health_settle: float = 3.0
    health_headers: tuple[tuple[str, str], ...] = ()
    role_restart: tuple[tuple[str, str], ...] = ()
    """(role, command) of DEPLOY_RESTART_<ROLE>."""
    role_health_url: tuple[tuple[str, str], ...] = ()
    batch: str = "all"
    """As written and validated: a number, a percentage such as `25%`, or `all`."""
    confirm: bool = False
    ssh_config: str | None = None
    host_keys: str = "strict"
    vendor_policy: str = "pushed"
    vendor_local_urls: bool = False
    installer: str = "auto"
    wheelhouse: bool = False
    parallel: int = 16
    from_process: tuple[str, ...] = ()
    allow_dirty: bool = False
    env_group: str | None = None
    step_timeout: float = 3600.0
    connect_timeout: float = 10.0
    decrypt: str | None = None
    notify: str | None = None
    logs: str | None = None
    secrets: tuple[str, ...] = ()


def is_ours(key: str) -> bool:
    return key.startswith("DEPLOY_")


def applications(texts: Mapping[str, str]) -> dict[str, str]:
    """The keys that are the application's."""
    return {key: text for key, text in texts.items() if not is_ours(key)}
