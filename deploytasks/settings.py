"""The DEPLOY_ keys: each text becomes a typed setting, or a problem that says what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from .environment import Settings

ROLE_KEYS = re.compile(r"DEPLOY_(HOSTS|RESTART|HEALTH_URL)_([A-Z][A-Z0-9_]*)")
SAFE_PATH = re.compile(r"[A-Za-z0-9/._+@~ -]+")
POLICY = re.compile(r"any|pushed|tag|branch:\S+")
BATCH = re.compile(r"all|[1-9][0-9]*|(?:100|[1-9][0-9]?)%")


class Wrong(ValueError):
    """What is wrong with a value; next move. Never holds the value of a secret."""


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise Wrong(f"is not one of {', '.join(allowed)}; write one of them")
        return text

    return parse


def matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise Wrong(f"is not {what}; write it so")
        return text

    return parse


def yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise Wrong("is neither yes nor no; write one of them")
    return text == "yes"


def count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise Wrong("is not a whole number from 1 up; write one")
    return int(text)


def seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) or float(text) <= 0:
        raise Wrong("is not a number of seconds above 0; write one")
    return float(text)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def optional(text: str) -> str | None:
    return text or None


def inside_release(text: str) -> tuple[str, ...]:
    """Relative paths that stay in the release."""
    paths = words(text)
    for path in paths:
        if path.startswith(("/", "-", "~")) or ".." in path.split("/") or not path.strip("./"):
            raise Wrong("names a path that is not inside the release; write relative paths without `..`")
    return tuple(path.strip("/") for path in paths)


def health_url(text: str) -> str | None:
    if text and not re.match(r"https?://[^/\s]+", text):
        raise Wrong("is no http:// or https:// URL; write one")
    return text or None


def python(text: str) -> str:
    if not text or text.startswith("-") or any(space in text for space in " \t\n"):
        raise Wrong("is not one word that names an interpreter; write e.g. python3.12")
    return text


def path(text: str) -> str:
    """DEPLOY_PATH; whether it may be relative depends on the hosts and is asked in environment.py."""
    if not SAFE_PATH.fullmatch(text) or text != text.strip():
        raise Wrong("has characters that are not safe; use letters, digits and / . _ + @ - in it")
    parts = text.split("/")
    if ".." in parts or text.startswith(("~", "-")) or any(part.startswith("-") for part in parts):
        raise Wrong("has `..`, `~` or a leading `-`; write the directory out")
    clean = "/".join(part for part in parts if part not in ("", "."))
    whole = f"/{clean}" if text.startswith("/") else clean
    if whole in ("/", "", "/root", "/home") or re.fullmatch(r"/(home|Users)/[^/]+", whole):
        raise Wrong("is /, or a home directory itself; choose a directory of its own")
    return whole


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "path": path, "source": choice("commit", "worktree"), "branch": optional, "keep_releases": count,
    "shared_dirs": inside_release, "shared_files": inside_release, "exclude": words, "python": python,
    "requirements": words, "vendor_install": choice("wheel", "path", "none"), "postinstall": optional,
    "migrate": optional, "wait_for": words, "wait_timeout": seconds, "restart": optional, "health_url": health_url,
    "health_timeout": seconds, "health_host": optional, "health_expect": optional,
    "batch": matching(BATCH, "a number, a percentage or all"), "confirm": yes_no, "ssh_config": optional,
    "host_keys": choice("strict", "accept-new"),
    "vendor_policy": matching(POLICY, "any, pushed, tag or branch:<name>"), "vendor_local_urls": yes_no,
    "installer": choice("auto", "uv", "pip"), "wheelhouse": yes_no, "parallel": count, "from_process": words,
    "allow_dirty": yes_no, "env_group": optional, "step_timeout": seconds, "connect_timeout": seconds,
    "decrypt": optional, "notify": optional, "logs": optional, "secrets": words,
}
KNOWN = ("DEPLOY_HOSTS", *(f"DEPLOY_{name.upper()}" for name in PARSERS))
assert {field.name for field in fields(Settings)} == {*PARSERS, "role_restart", "role_health_url"}


def nearest(key: str) -> str:
    """The cure for an unknown DEPLOY_ key."""
    close = difflib.get_close_matches(key, KNOWN, 1)
    return f"did you mean {close[0]}?" if close else "keys of the application must not begin with DEPLOY_"


def parse(texts: Mapping[str, str], roles: frozenset[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields for Settings from the DEPLOY_ texts (less the hosts), and {key: what is wrong; next move}.

    `roles` are those that DEPLOY_HOSTS_<ROLE> names.
    """
    found: dict[str, Any] = {"role_restart": (), "role_health_url": ()}
    problems: dict[str, str] = {}
    for key, text in texts.items():
        role_key = ROLE_KEYS.fullmatch(key) if key not in KNOWN else None
        try:
            if role_key is not None:
                add_role(found, role_key[1], role_key[2].lower(), text, roles)
            elif key in KNOWN and key != "DEPLOY_HOSTS":
                name = key.removeprefix("DEPLOY_").lower()
                found[name] = PARSERS[name](text)
            elif key != "DEPLOY_HOSTS":
                problems[key] = f"is unknown; {nearest(key)}"
        except Wrong as wrong:
            problems[key] = str(wrong)
    if "path" not in found and "DEPLOY_PATH" not in problems:
        problems["DEPLOY_PATH"] = "is missing; set it to the directory on the host, e.g. /srv/app"
    return found, problems


def add_role(found: dict[str, Any], kind: str, role: str, text: str, roles: frozenset[str]) -> None:
    """Keep DEPLOY_RESTART_<ROLE> or DEPLOY_HEALTH_URL_<ROLE>."""
    if kind == "HOSTS":
        return
    if role not in roles:
        raise Wrong(f"names a role without hosts; set DEPLOY_HOSTS_{role.upper()} too")
    name = f"role_{kind.lower()}"
    value = health_url(text) if kind == "HEALTH_URL" else optional(text)
    if value:
        found[name] = (*found[name], (role, value))
