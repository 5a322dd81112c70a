"""One line of a requirements file, read by the rules of Python's packaging."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packaging.requirements import Requirement

SYSTEMS = {"linux": ("linux", "Linux"), "macosx": ("darwin", "Darwin")}
"""{start of a platform: its sys_platform and platform_system}"""
IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}


def requirement(line: str) -> Requirement | None:
    """What a line requires by name; None for options, paths and what is misspelt."""
    from packaging.requirements import InvalidRequirement, Requirement

    bare = re.sub(r"\\\n|\s--\S.*", " ", line)  # joined lines, and hashes
    try:
        return Requirement(bare.strip())
    except InvalidRequirement:
        return None


def holds(marker: str, facts: Mapping[str, Any]) -> bool:
    """Whether an environment marker is true on the host of these facts; one that cannot be read is."""
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(marker).evaluate(variables(facts))
    except InvalidMarker:
        return True


def variables(facts: Mapping[str, Any]) -> dict[str, str]:
    """The variables of markers on a host; those that its facts do not tell are this machine's."""
    name, _, machine = facts["platform"].partition("-")
    system, title = SYSTEMS.get(name, (name, name.capitalize()))
    implementation = facts["implementation"]
    return {
        "python_version": ".".join(facts["python"].split(".")[:2]),
        "python_full_version": facts["python"],
        "sys_platform": system,
        "platform_system": title,
        "platform_machine": machine.rpartition("-")[2],
        "implementation_name": implementation,
        "platform_python_implementation": IMPLEMENTATIONS.get(implementation, implementation),
        "os_name": "posix",
        "extra": "",
    }
