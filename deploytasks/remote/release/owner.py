"""To whom a DEPLOY_PATH belongs, so that two projects never share one."""

from __future__ import annotations

import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def claim(root: str, owner: dict[str, Any]) -> None:
    """Record to whom DEPLOY_PATH belongs; refuse one that belongs to another project or environment."""
    path = os.path.join(root, ".deploytasks", "owner")
    problem = foreign(read_json(path), owner)
    if problem:
        raise Failure("%s %s" % (root, problem), "foreign")
    write_json(path, owner)


def foreign(found: dict[str, Any] | None, owner: Mapping[str, Any]) -> str:
    """Why a DEPLOY_PATH with this owner file is not `owner`'s, or an empty text."""
    if not found:
        return ""
    same = set(found.get("identities", ())) & set(owner["identities"])
    if same and found.get("environment") == owner["environment"]:
        return ""
    whose = "%s, environment %s" % (found.get("project"), found.get("environment"))
    return (
        "belongs to %s; choose another DEPLOY_PATH, or remove .deploytasks/owner there if it is yours" % whose
    )
