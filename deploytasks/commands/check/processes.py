"""What a check finds about processes: those that the tree says, and the service manager that is to run them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...recipe.processes import processes_of
from ...remote.failure import Failure
from ...remote.processes import procfile

if TYPE_CHECKING:
    from ...config.environment import Host
    from ...recipe.context import Built
    from ...recipe.facts import HostFacts, Manager
    from ...recipe.plan import Plan


def processes(plan: Plan, host: Host, facts: HostFacts, built: Built | None) -> Iterator[str]:
    """Problems of a host that is to run processes, each with its cure."""
    wanted = processes_of(plan.environment.settings, host)
    if wanted and built:
        try:
            procfile.chosen(procfile.read(str(built.tree.path)), wanted)
        except Failure as failure:
            yield str(failure)
    if facts.manager is not None:
        yield from manager(facts.manager, facts.user)


def manager(said: Manager, user: str) -> Iterator[str]:
    """Problems with the service manager of the deploying user."""
    if not said.systemd:
        yield "systemd does not run there, which DEPLOY_PROCESSES needs; take DEPLOY_RESTART instead"
    elif said.is_root:
        yield "processes may not run as root; deploy as another user"
    elif not said.lingers:
        yield f"processes of {user} end with his login; `loginctl enable-linger {user}` there, as root"
    elif not said.answers:
        yield f"the service manager of {user} does not answer; `systemctl start user@$(id -u {user})` there, as root"
