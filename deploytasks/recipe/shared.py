"""The uploaded tree sealed, with its variables and the links to what outlives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config.canonical import canonical
from ..operation import Operation

if TYPE_CHECKING:
    from .context import StepContext


def link_shared(context: StepContext) -> list[Operation]:
    """Seal the uploaded tree, write its environment, link what outlives releases."""
    assert context.built is not None
    from .provenance import provenance

    settings, release = context.environment.settings, context.release
    sealed = {"release": release, "provenance": provenance(context)}
    text = canonical(context.environment.revealed())
    shared = {
        "release": release,
        "directories": list(settings.shared_dirs),
        "files": list(settings.shared_files),
    }
    return [
        Operation("seal", sealed, "", "check the upload", brief=True),
        Operation(
            "write_environment",
            {"release": release, "text": text, "group": settings.env_group},
            "",
            "write .env",
            brief=True,
        ),
        Operation("link_shared", shared, "link_shared", "link shared", brief=True),
    ]
