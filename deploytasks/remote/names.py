"""Names on a host: those that belong to the tool, and those that may become a part of a path."""

from __future__ import annotations

import re

from deploytasks.remote.failure import Failure

TOOL_NAMES = frozenset((".deploytasks", ".venv", ".env", "environment.json", "REVISION"))
"""At the root of a release, never in the shipped tree."""
RELEASE = re.compile(r"[0-8]\d{13}-[0-9a-f]{7}")
"""The year 9000 is somebody's joke, and no release could come after it."""
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VARIABLES = {VARIABLE: str}
"""The shape of environment.json."""


def plain(name: str) -> str:
    """`name`, if it is one that leads nowhere else when it becomes part of a path."""
    if not PLAIN.fullmatch(name):
        raise Failure("%r is no name that deploytasks gives; see what asks for it" % name[:80], "damaged")
    return name
