"""The fleet of a plan: conversations over SSH or on this machine, all ended when it is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import lock
from .channel import Channel, LocalChannel
from .conversation import Conversation, agent_command
from .environment import Host
from .fleet import Fleet
from .observer import Observer, Silent
from .plan import Plan
from .secret import Redactor
from .transfer import OnProgress, Upload

if TYPE_CHECKING:
    from .openssh import Master
    from .ssh_config import Route


@contextmanager
def fleet_of(plan: Plan, observer: Observer | None = None) -> Iterator[Fleet]:
    """Every host of `plan`, connected to when it is first asked; leaving gives back locks and ends connections."""
    with ExitStack() as stack:
        environment = plan.environment
        kept = (*(host.name for host in environment.hosts), environment.settings.path)
        redactor = Redactor((*environment.variables, *environment.secret_settings), kept=kept)
        parallel = plan.environment.settings.parallel

        def connect(host: Host) -> Conversation:
            site = Site(plan, host)
            stack.callback(site.close)
            return site.converse(redactor)

        yield stack.enter_context(
            Fleet(plan.hosts, connect, parallel=parallel, observer=observer or Silent())
        )


class Site:
    """One host of a plan, and the way to it."""

    def __init__(self, plan: Plan, host: Host) -> None:
        self.plan, self.host = plan, host
        self.ships = plan.command == "deploy"
        self.route: Route | None = None
        self.master: Master | None = None

    def converse(self, redactor: Redactor) -> Conversation:
        """Begin the conversation with the agent. Raises Unreachable."""
        return Conversation(self.host, self._open(), redactor, self._upload)

    def _open(self) -> Channel:
        start = agent_command("python3")
        if self.host.is_local:
            return LocalChannel(start.words)
        from .openssh import Master
        from .ssh import channel_to
        from .ssh_config import SshOptions, route_to

        self.route = route_to(self.plan.environment, self.host, self.plan.ssh or SshOptions())
        channel = channel_to(self.route, start)
        if self.ships:
            self.master = Master(self.route)
        return channel

    def close(self) -> None:
        """Nothing of the way is left open."""
        if self.master is not None:
            self.master.close()

    def _upload(
        self,
        source: Path,
        target: str,
        excludes: Sequence[str],
        only: Sequence[str] | None,
        on_progress: OnProgress,
    ) -> Upload:
        guard = lock.guard(str(self.plan.layout.root), self.plan.identity.run_id)
        return Upload(source, target, self.route, excludes, guard, on_progress, self.master, only)
