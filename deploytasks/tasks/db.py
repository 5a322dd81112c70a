"""The readiness wait alone."""

from __future__ import annotations

from typing import Any

from ..output.report import show
from ..output.watcher import watching
from .entry import entry, task
from .maintenance import planned
from .release import ENV, JSON, LIMIT


@task(
    iterable=["limit"],
    help={
        "env": ENV,
        "fresh": "the service is new: wait for its database until the deadline",
        "timeout": "seconds (default DEPLOY_WAIT_TIMEOUT)",
        "limit": LIMIT,
        "json": JSON,
    },
)
@entry("db.wait")
def wait(
    c: Any, env: str = "", fresh: bool = False, timeout: float = 0.0, limit: Any = None, json: bool = False
) -> int:
    """Wait on the hosts until the services can be used; also before there is any release."""
    from ..commands.wait import wait as wait_for_services

    with watching() as watcher:
        report = wait_for_services(
            planned(c, "db.wait", env, limit), fresh=fresh, timeout=timeout or None, observer=watcher
        )
    return show(report, as_json=json)
