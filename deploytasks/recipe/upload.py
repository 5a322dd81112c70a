"""The release's directory and what fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..operation import Missing, Operation, Request, Upload
from ..source.ships import exclusions
from . import install

if TYPE_CHECKING:
    from ..source import Tree
    from .context import StepContext


def prepare(context: StepContext) -> list[Operation]:
    """Make the directory that the upload fills."""
    assert context.built is not None
    tree, former = context.built.tree, context.inventory.basis
    arguments = {
        "release": context.release,
        "owner": dict(context.plan.identity.owner),
        "digest": tree.digest,
        "basis": former,
        **(what_ships(tree, former) if former else {}),
    }
    return [Operation("prepare", arguments, "prepare", f"prepare {context.release}", read=Missing.of)]


def what_ships(tree: Tree, former: str) -> dict[str, Any]:
    """How a host whose release begins with the tree `former` is told what ships: shortly, where that one is known."""
    changes = tree.since(former)
    return {"manifest": tree.manifest.packed} if changes is None else {"changes": changes}


def upload(context: StepContext) -> list[Request]:
    """Make the release hold exactly the staged tree, and the bundle lie beside it.

    A host that has nothing yet is told meanwhile what ships.
    """
    assert context.built is not None
    target = str(context.layout.release(context.release))
    excludes = tuple(exclusions(context.environment.settings.exclude))
    tree = Upload(context.built.tree.path, target, excludes, "upload", "rsync", prepared=True)
    brought: list[Request] = [tree, *install.ship_bundle(context)]
    if context.inventory.basis:
        return brought
    told = {"manifest": context.built.tree.manifest.packed}
    return [Operation("ships", told, "", "say what ships", alongside=True), *brought]
