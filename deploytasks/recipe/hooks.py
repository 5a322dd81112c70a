"""The project's own commands in a new release: postinstall and migrate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operation import Operation
from .publish import own_environment

if TYPE_CHECKING:
    from .context import StepContext


def postinstall(context: StepContext) -> list[Operation]:
    """Run DEPLOY_POSTINSTALL, or the tree's own executable `postinstall`."""
    assert context.built is not None
    from ..shell import command, shell_line

    line = context.environment.settings.postinstall
    if line:
        return [context.in_release(shell_line(line), step="postinstall")]
    if context.built.tree.manifest.executable("postinstall"):
        return [context.in_release(command("./postinstall"), step="postinstall")]
    return []


def postinstall_again(context: StepContext) -> list[Operation]:
    """Run it in a release that is served, with the environment that it was deployed with."""
    from ..shell import shell_line

    line = context.environment.settings.postinstall or "if [ -x ./postinstall ]; then exec ./postinstall; fi"
    return [own_environment(context.release), context.in_release(shell_line(line), step="postinstall")]


def migrate(context: StepContext) -> list[Operation]:
    """Run DEPLOY_MIGRATE, once, on the primary host."""
    from ..shell import shell_line

    line = context.environment.settings.migrate
    if not line:
        return []
    remembered = Operation("mark", {"release": context.release, "migrated": True})
    return [remembered, context.in_release(shell_line(line), step="migrate")]
