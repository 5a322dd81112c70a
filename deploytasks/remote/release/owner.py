"""To whom a DEPLOY_PATH belongs, so that two projects never share one."""

from __future__ import annotations

import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, write_json
from deploytasks.remote.shape import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

OWNER = {"identities": [str], "project": str, "environment": str}


def claim(root: str, owner: dict[str, Any]) -> None:
    """Record to whom DEPLOY_PATH belongs; refuse one that belongs to another project or environment."""
    problem = foreign(stored(root), owner)
    if problem:
        raise Failure("%s %s" % (root, problem), "foreign")
    write_json(os.path.join(root, ".deploytasks", "owner"), owner)


def stored(root: str) -> dict[str, Any] | None:
    """What the owner file says, {} when it says nothing that can be understood, None when there is none."""
    try:
        found: dict[str, Any] | None = read_json(os.path.join(root, ".deploytasks", "owner"), OWNER)
    except Failure:
        return {}
    return found


def foreign(found: dict[str, Any] | None, owner: Mapping[str, Any]) -> str:
    """Why a DEPLOY_PATH with this owner file is not `owner`'s, or an empty text."""
    if found is None:
        return ""
    if not fits(found, OWNER):
        return "has a file .deploytasks/owner that deploytasks did not write; remove it if the deployment is yours"
    same = set(found["identities"]) & set(owner["identities"])
    if same and found.get("environment") == owner["environment"]:
        return ""
    whose = "%s, environment %s" % (found.get("project"), found.get("environment"))
    return (
        "belongs to %s; choose another DEPLOY_PATH, or remove .deploytasks/owner there if it is yours" % whose
    )
