"""The DEPLOY_ keys as they are written: each text becomes its field of Settings, or a problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from .hosts import ROLE_KEY, Problems
from .parsers import Wrong
from .settings import KNOWN, PARSERS, Settings

OF_ROLES = tuple(one.name.removeprefix("role_") for one in fields(Settings) if one.name.startswith("role_"))
ROLE_SETTING = re.compile(rf"DEPLOY_(?P<name>{'|'.join(OF_ROLES).upper()})_(?P<role>[A-Z][A-Z0-9_]*)")


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
