"""The default recipe: every step by name, in order."""

from __future__ import annotations

from ..operation import Operation
from . import hooks, install, publish, restart, services, shared, upload
from .context import StepContext
from .recipe import Recipe, Step


def _engine(context: StepContext) -> list[Operation]:
    """Steps that the deployment itself carries out, because a decision here rests on their answers."""
    return []


DEFAULT = Recipe(
    (
        Step("vendor", "local", _engine),
        Step("check", "each-host", _engine),
        Step("build", "local", _engine),
        Step("lock", "each-host", _engine),
        Step("prepare", "each-host", upload.prepare),
        Step("upload", "each-host", upload.upload),
        Step("link_shared", "each-host", shared.link_shared),
        Step("install", "each-host", install.install),
        Step("wait_for_services", "each-host", services.wait),
        Step("postinstall", "each-host", hooks.postinstall),
        Step("migrate", "primary-host", hooks.migrate),
        Step("publish", "each-host", publish.publish),
        Step("restart", "each-host", restart.restart),
        Step("verify", "each-host", restart.verify),
        Step("prune", "each-host", _engine),
    )
)
