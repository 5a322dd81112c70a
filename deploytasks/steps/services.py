"""Operations between upload and publish that stand on what the host has: its environment and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operation import Operation
from ..transfer import exclusions

if TYPE_CHECKING:
    from ..plan import StepContext


def bundle_place(context: StepContext) -> str:
    """Where the host gets the packages of a new environment."""
    return str(context.layout.private / "bundles" / context.key)


def ship_bundle(context: StepContext) -> list[Operation]:
    """Upload requirements and wheels, unless the host has the environment already."""
    assert context.built is not None
    if context.built.bundle.mode == "none" or context.key in context.facts["venvs"]:
        return []
    arguments = {"source": str(context.built.bundle.path), "target": bundle_place(context), "excludes": exclusions(())}
    return [Operation("upload", arguments, "upload", "rsync of the packages")]


def install(context: StepContext) -> list[Operation]:
    """Link the release to its environment, which is built first where the host has none of its key."""
    assert context.built is not None
    bundle, settings = context.built.bundle, context.environment.settings
    made = {"wheels": list(bundle.wheels), "hashed": bundle.hashed, "empty": bundle.empty, "offline": bundle.offline}
    arguments = {
        "release": context.release, "key": context.key, "python": settings.python, "bundle": bundle_place(context),
        "mode": bundle.mode, "installer": context.facts["installer"], "import_paths": list(bundle.import_paths), **made}
    return [Operation("install", arguments, "install", "install the packages")]


def wait(context: StepContext) -> list[Operation]:
    return []
