"""Events: what an agent says, a JSON line each, made into values in this one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..operation import Result

WANTED: Mapping[str, Mapping[str, Any]] = {
    "start": {"id": int, "index": int},
    "line": {"id": int, "index": int, "text": str},
    "done": {"id": int, "index": int, "ok": bool, "seconds": (int, float)},
    "end": {"id": int},
    "beat": {},
    "fatal": {"error": str},
}
"""{kind of event: {what it must have: of which type}}."""
OPTIONAL: Mapping[str, Any] = {"code": int, "error": str, "kind": str, "tail": list, "holds_lock": bool}

NOTHING = Result(False)


class WrongShape(Exception):
    """What answered is no agent of this version."""


@dataclass(frozen=True)
class Event:
    """One word of an agent. `kind` is a key of `WANTED`; `text` is a printed line, or why an agent cannot work."""

    kind: str
    request: int = 0
    index: int = 0
    text: str = ""
    result: Result = NOTHING
    holds_lock: bool = False
    """Whether the agent has a lock to give back when the conversation ends."""


def event_in(line: bytes) -> Event | None:
    """The event in a line; None for anything else (a chatty login shell). Raises WrongShape for a broken one."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "event" not in found:
        return None
    kind = found["event"]
    if not isinstance(kind, str) or kind not in WANTED or not has_shape(found, WANTED[kind]):
        raise WrongShape
    given = {name: found[name] for name in OPTIONAL if name in found}
    if not has_shape(given, OPTIONAL):
        raise WrongShape
    return Event(
        kind,
        found.get("id", 0),
        found.get("index", 0),
        str(found.get("text", given.get("error", ""))),
        result_in(found) if kind == "done" else NOTHING,
        given.get("holds_lock", False),
    )


def has_shape(found: Mapping[str, Any], types: Mapping[str, Any]) -> bool:
    """Whether what is there is of these types, and what must be there is; a bool is no number."""
    missing = types is not OPTIONAL and not types.keys() <= found.keys()
    return not missing and all(
        isinstance(found[name], wanted) and (wanted is bool or not isinstance(found[name], bool))
        for name, wanted in types.items()
        if name in found
    )


def result_in(found: Mapping[str, Any]) -> Result:
    """What became of an operation, as the agent says it; nothing of it is masked yet."""
    return Result(
        found["ok"],
        found.get("code", 0),
        found.get("value"),
        found.get("error", ""),
        found.get("kind", ""),
        tuple(map(str, found.get("tail", ()))),
        found["seconds"],
    )
