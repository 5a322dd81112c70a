"""What a check finds wrong with the interpreter and the installer of a host. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..environment import Environment
from .bundle import Bundle

CLAUSE = re.compile(r"(>=|<=|==|!=|>|<|~=)\s*(\d+(?:\.\d+)*)(\.\*)?")
COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt}


def tool_findings(facts: Mapping[str, Any], environment: Environment, bundle: Bundle | None) -> Iterator[str]:
    """`<what is wrong>; <next move>` for each thing that would fail the install."""
    wanted = environment.settings.installer
    if not facts["python"]:
        return  # said already: the interpreter itself is missing
    if wanted == "uv" and not facts["uv"]:
        yield "uv is missing and DEPLOY_INSTALLER=uv; install uv there, or set DEPLOY_INSTALLER=auto"
    elif not facts["uv"] and not facts["venv"] and facts["installer"] != "host-pip":
        yield f"{environment.settings.python} has no venv module with pip, and there is no uv; `apt install python3-venv` there"
    if bundle is not None and bundle.requires_python and not satisfies(facts["python"], bundle.requires_python):
        yield f"{environment.settings.python} is {facts['python']}, the project requires {bundle.requires_python}; set DEPLOY_PYTHON"


def satisfies(version: str, clauses: str) -> bool:
    """Whether a Python version fulfils a `requires-python`."""
    have = tuple(int(part) for part in version.split(".")[:3])
    for match in CLAUSE.finditer(clauses):
        sign, number, wildcard = match[1], tuple(int(part) for part in match[2].split(".")), match[3]
        part = have[: len(number)] if wildcard or sign in ("==", "~=") else have
        if sign == "~=":
            if have < number or have[: len(number) - 1] != number[:-1]:
                return False
        elif not COMPARE[sign](part, number + (0,) * (len(part) - len(number))):
            return False
    return True
