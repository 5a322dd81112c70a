"""What may be asked of the agent: the annotations of an operation's function, held against what is given."""

from __future__ import annotations

import importlib
import json
import re

from deploytasks.remote.failure import Failure
from deploytasks.remote.shape import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SHAPES: dict[str, Any] = {
    "str": str,
    "str | None": (str, None),
    "bool": bool,
    "int": int,
    "float": float,
    "list[str]": [str],
    "Sequence[str]": [str],
    "Sequence[dict[str, Any]]": [dict],
    "dict[str, int]": {str: int},
    "dict[str, str]": {str: str},
    "dict[str, str] | None": ({str: str}, None),
    "dict[str, list[str]] | None": ({str: [str]}, None),
    "dict[str, Any]": dict,
    "dict[str, Any] | None": (dict, None),
    "object": (bool, str, float, None),
}
"""By the text of an annotation: the host imports no typing."""
REQUEST = {"id": int, "operations": [{"name": str, "arguments": (dict, None)}], "resume": (bool, None)}
VAR_KEYWORDS = 8
"""CO_VARKEYWORDS of inspect, which is slow to load."""
SERVICES = {str: {"url": str, "usable": bool}}
SUDO = {"user": str, "words": [str], "setenv": (bool, None)}
MADE_FOR = {"libc": [str], "python": str, "platform": str, "implementation": str}
NATIVE = {"name": str, "wheel": str, "sha256": str, "made_for": MADE_FOR, "env": {str: str}}
PACKAGES = {
    **dict.fromkeys(("hashed", "empty", "constrained", "offline"), bool),
    "wheels": {str: str},
    "extras": {str: str},
    "native": [NATIVE],
}
EMPTY: dict[Any, Any] = {re.compile(r"(?!)"): object}
"""No entries: what there is of packages that are left to postinstall."""
INNER: dict[str, Any] = {
    "processes": "processes.recorded:PROCESSES",
    "variables": "names:VARIABLES",
    "unit": "processes.units:PREFIX",
    "question": "processes.answer:QUESTION",
    "services": SERVICES,
    "sudo": [SUDO],
    "packages": (PACKAGES, EMPTY),
    "changes": ({str: ([(int, str)], None)}, None),
    "owner": "release.owner:OWNER",
    "entry": "release.history:ENTRY",
    "holder": "lock.lock:ASKED",
    "provenance": "release.inventory:SEALED",
}
"""By the name of a parameter, where its annotation does not say all that is relied on: a shape, or where it stands."""


def read(line: bytes) -> dict[str, Any]:
    """The message in a line. Raises Failure for what is none."""
    try:
        message = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and (message.get("beat") or message.get("cancel") or fits(message, REQUEST)):
        return message
    raise Failure("what was asked cannot be read; deploy with one version of deploytasks", "request")


def accepted(function: Callable[..., Any], name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments, if they are ones that the function takes."""
    code, annotations = function.__code__, function.__annotations__
    named = code.co_varnames[1 : code.co_argcount]
    required = named[: len(named) - len(function.__defaults__ or ())]
    more = annotations.get(code.co_varnames[code.co_argcount]) if code.co_flags & VAR_KEYWORDS else None
    wrong = [one for one in required if one not in given]
    for one, value in given.items():
        annotation = annotations[one] if one in named else more
        if annotation is None or not fits(value, shape_of(one, annotation)):
            wrong.append(one)
    if wrong:
        what = "%s was asked for in a way that this version does not know (%s)" % (
            name,
            ", ".join(wrong)[:200],
        )
        raise Failure("%s; deploy with one version of deploytasks" % what, "request")
    return given


def shape_of(parameter: str, annotation: str) -> Any:
    """What is relied on in an argument."""
    found = INNER.get(parameter) or SHAPES.get(annotation, object)
    if isinstance(found, str):
        module, name = found.split(":")
        return getattr(importlib.import_module("deploytasks.remote." + module), name)
    return found
