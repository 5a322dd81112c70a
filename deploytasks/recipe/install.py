"""The release's venv and the packages that go to the host for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operation import Operation, Upload
from ..source.ships import exclusions

if TYPE_CHECKING:
    from .context import StepContext


def bundle_place(context: StepContext) -> str:
    """Where the host gets the packages of a new environment."""
    return str(context.layout.private / "bundles" / context.key)


def ship_bundle(context: StepContext) -> list[Upload]:
    """Upload requirements and wheels, unless the host has the environment already."""
    assert context.built is not None and context.tools is not None
    if context.built.bundle.mode == "none" or context.key in context.tools.venvs:
        return []
    source, target = context.built.bundle.path, bundle_place(context)
    return [Upload(source, target, tuple(exclusions(())), label="rsync of the packages")]


def install(context: StepContext) -> list[Operation]:
    """Link the release to its environment, which is built first where the host has none of its key."""
    assert context.built is not None and context.tools is not None
    bundle, settings = context.built.bundle, context.environment.settings
    paths = {path: list(modules) for path, modules in bundle.import_paths.items()}
    what = {"bundle": bundle_place(context), "packages": dict(bundle.packages), "import_paths": paths}
    arguments = {
        "release": context.release,
        "key": context.key,
        "python": settings.python,
        "mode": bundle.mode,
        "installer": context.tools.installer,
        "timeout": settings.step_timeout,
        **what,
    }
    linked = bundle.mode != "none" and context.key in context.tools.venvs
    return [Operation("install", arguments, "install", "install the packages", brief=linked)]
