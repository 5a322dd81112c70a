"""The default recipe: every step by name, in order."""

from __future__ import annotations

from ..operation import Operation
from . import backup, hooks, install, processes, publish, services, shared, upload
from .context import StepContext
from .recipe import Recipe, Step


def _engine(context: StepContext) -> list[Operation]:
    """Steps that the deployment itself carries out, because a decision here rests on their answers."""
    return []


VENDOR = Step("vendor", "local", _engine, essential=True, by_engine=True)
BUILD = Step("build", "local", _engine, essential=True, by_engine=True)
LOCK = Step("lock", "each-host", _engine, essential=True, by_engine=True)

DEFAULT = Recipe(
    (
        VENDOR,
        Step("check", "each-host", _engine, essential=True, by_engine=True),
        BUILD,
        LOCK,
        Step("prepare", "each-host", upload.prepare, essential=True, joins_next=True),
        Step("upload", "each-host", upload.upload, essential=True),
        Step("link_shared", "each-host", shared.link_shared, essential=True, joins_next=True),
        Step("install", "each-host", install.install),
        Step("wait_for_services", "each-host", services.wait),
        Step("postinstall", "each-host", hooks.postinstall),
        Step("backup", "primary-host", backup.backup),
        Step("migrate", "primary-host", hooks.migrate, changes_schema=True),
        Step("start", "each-host", processes.start, essential=True),
        Step("publish", "each-host", publish.publish, essential=True, switches=True),
        Step("restart", "each-host", processes.restart_all),
        Step("verify", "each-host", processes.verify_all),
        Step("stop", "each-host", processes.stop),
        Step("prune", "each-host", _engine, by_engine=True),
    )
)
