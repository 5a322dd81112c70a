"""What is wrong with the interpreter, the installer and the room of a host, found by a check. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..config.environment import Environment
from ..remote.venv.wheel import same_python
from .bundle import Bundle

CLAUSE = re.compile(r"(>=|<=|==|!=|>|<|~=)\s*(\d+(?:\.\d+)*)(\.\*)?")
COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def tool_findings(facts: Mapping[str, Any], environment: Environment, bundle: Bundle | None) -> Iterator[str]:
    """`<what is wrong>; <next move>` for each thing that would fail the install."""
    wanted, python = environment.settings.installer, environment.settings.python
    if not facts["python"]:
        return  # said already: the interpreter itself is missing
    if wanted == "uv" and not facts["uv"]:
        yield "uv is missing and DEPLOY_INSTALLER=uv; install uv there, or set DEPLOY_INSTALLER=auto"
    elif not facts["uv"] and not facts["venv"]:
        yield f"{python} has no venv module with pip, and there is no uv; `apt install python3-venv` there"
    if bundle is None:
        return
    if bundle.requires_python and not satisfies(facts["python"], bundle.requires_python):
        yield f"{python} is {facts['python']}, the project requires {bundle.requires_python}; set DEPLOY_PYTHON"
    if bundle.made_for is not None and not same_python(bundle.made_for, facts):
        other = f"{bundle.made_for['python']} on {bundle.made_for['platform']}"
        yield (
            f"{python} is {facts['python']} on {facts['platform']}, the wheelhouse is for the first host's {other}; "
            "make the hosts alike, or set DEPLOY_WHEELHOUSE=no"
        )
    yield from room_findings(facts, bundle)


def room_findings(facts: Mapping[str, Any], bundle: Bundle) -> Iterator[str]:
    """Whether a new environment has room; what it takes at least is known."""
    if bundle.mode == "none" or bundle.key(facts) in facts["venvs"]:
        return
    if facts["free_bytes"] < bundle.size:
        megabytes = f"{facts['free_bytes'] // 1024**2} MB free, the packages take at least {bundle.size // 1024**2} MB"
        yield f"{megabytes}; make room"
    if facts["has_inodes"] and facts["free_inodes"] < bundle.files:
        yield f"{facts['free_inodes']} inodes free, the packages take at least {bundle.files}; make room"


def satisfies(version: str, clauses: str) -> bool:
    """Whether a Python version fulfils a `requires-python`."""
    have = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    for match in CLAUSE.finditer(clauses):
        sign, number, wildcard = match[1], tuple(int(part) for part in match[2].split(".")), match[3]
        part = have[: len(number)] if wildcard or sign in ("==", "~=") else have
        if sign == "~=":
            if have < number or have[: len(number) - 1] != number[:-1]:
                return False
        elif not COMPARE[sign](part, number + (0,) * (len(part) - len(number))):
            return False
    return True
