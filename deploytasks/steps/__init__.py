"""The default recipe: every step by name, in order."""

from __future__ import annotations

from ..operation import Operation
from ..plan import StepContext
from ..recipe import Recipe, Step
from . import closing, opening, services


def _engine(context: StepContext) -> list[Operation]:
    """Steps that the deployment itself carries out, because a decision here rests on their answers."""
    return []


DEFAULT = Recipe(
    (
        Step("vendor", "local", _engine),
        Step("check", "each-host", _engine),
        Step("build", "local", _engine),
        Step("lock", "each-host", _engine),
        Step("prepare", "each-host", opening.prepare),
        Step("upload", "each-host", opening.upload),
        Step("link_shared", "each-host", opening.link_shared),
        Step("install", "each-host", services.install),
        Step("wait_for_services", "each-host", services.wait),
        Step("postinstall", "each-host", opening.postinstall),
        Step("migrate", "primary-host", opening.migrate),
        Step("publish", "each-host", closing.publish),
        Step("restart", "each-host", closing.restart),
        Step("verify", "each-host", closing.verify),
        Step("prune", "each-host", _engine),
    )
)
