"""The fleet of a plan: conversations over SSH or on this machine, all ended when it is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from ..config.environment import Host
from ..config.redaction import Redactor
from ..errors import UsageError
from ..operation import Upload
from ..recipe.plan import Plan
from ..upload import upload
from . import lock
from .agent import agent_command
from .channel import Channel, LocalChannel
from .conversation import Conversation, OnProgress
from .fleet import Fleet
from .observer import Observer, Silent
from .patience import Patience

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..ssh.master import Master
    from ..ssh.route import Route


Servers = dict[tuple[tuple[str, int, str | None], ...], Host]
"""The hosts by the way to each: where the hops are equal, so is the host."""


@contextmanager
def fleet_of(plan: Plan, observer: Observer | None = None) -> Iterator[Fleet]:
    """Every host of `plan`, connected to when it is first asked; leaving gives back locks and ends connections."""
    with ExitStack() as stack:
        environment = plan.environment
        kept = (*(host.name for host in environment.hosts), environment.settings.path)
        redactor = Redactor((*environment.variables, *environment.secret_settings), kept=kept)
        parallel = plan.environment.settings.parallel
        servers: Servers = {}

        def connect(host: Host, uploading: bool) -> Conversation:
            site = Site(plan, host, servers)
            stack.callback(site.close)
            return site.converse(redactor, uploading)

        yield stack.enter_context(
            Fleet(plan.hosts, connect, parallel=parallel, observer=observer or Silent())
        )


class Site:
    """One host of a plan, and the way to it."""

    def __init__(self, plan: Plan, host: Host, servers: Servers) -> None:
        self.plan, self.host, self.servers = plan, host, servers
        self.route: Route | None = None
        self.master: Master | None = None
        self._guard = threading.Lock()
        self._closed = False

    def converse(self, redactor: Redactor, uploading: bool) -> Conversation:
        """Begin the conversation with the agent; with `uploading`, connect for rsync at the same time where one can.

        Raises Unreachable, UsageError for a host that has two names.
        """
        return Conversation(
            self.host,
            self._open(uploading),
            redactor,
            self._upload,
            self.expect_upload,
            patience=patience_for(self.plan.environment.settings),
        )

    def _open(self, uploading: bool) -> Channel:
        start = agent_command("python3")
        if self.host.is_local:
            return LocalChannel(start.words)
        from ..ssh.config import route_to
        from ..ssh.connection import channel_to
        from ..ssh.route import SshOptions

        self.route = route_to(self.plan.environment, self.host, self.plan.ssh or SshOptions())
        self._refuse_second_name(self.route)
        if uploading and self.route.direct and not self.route.accept_new:
            self.expect_upload()  # else later: one of us learns an unknown key first, and jump hosts drop crowds
        return channel_to(self.route, start)

    def expect_upload(self) -> None:
        """Connect for rsync, while the host makes ready what it is to fill; nothing happens the second time.

        An upload connects by itself where this cannot.
        """
        with self._guard:
            if self.route is not None and self.master is None and not self._closed:
                from ..ssh.master import Master

                with suppress(OSError):
                    self.master = Master(self.route)

    def _refuse_second_name(self, route: Route) -> None:
        way = tuple((hop.hostname.lower(), hop.port, hop.proxy_command) for hop in route.hops)
        first = self.servers.setdefault(way, self.host)
        if first != self.host:
            both = " and ".join(sorted((first.name, self.host.name)))
            raise UsageError(f"DEPLOY_HOSTS: {both} are two names of one host; keep one of them")

    def close(self) -> None:
        """Nothing of the way is left open."""
        with self._guard:
            self._closed = True
            if self.master is not None:
                self.master.close()

    def _upload(self, wanted: Upload, only: Sequence[str] | None, on_progress: OnProgress) -> upload.Upload:
        guard = lock.guard(str(self.plan.layout.root), self.plan.identity.run_id)
        return upload.Upload(
            wanted.source, wanted.target, self.route, wanted.excludes, guard, on_progress, self.master, only
        )


def patience_for(settings: Settings) -> Patience:
    """How long a host of an environment may be silent, and work at one step."""
    waits = (settings.step_timeout, settings.wait_timeout, settings.health_timeout)
    return Patience(settings.connect_timeout, float(max(waits)))
