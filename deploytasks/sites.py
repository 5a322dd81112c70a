"""The fleet of a plan: conversations over SSH or on this machine, all ended when it is left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .channel import LocalChannel
from .conversation import Conversation, agent_command
from .environment import Host
from .fleet import Fleet
from .observer import Observer, Silent
from .operation import Result
from .plan import Plan
from .runner import OnLine
from .secret import Redactor


@contextmanager
def fleet_of(plan: Plan, observer: Observer | None = None) -> Iterator[Fleet]:
    """Every host of `plan`, connected to when it is first asked; leaving gives back locks and ends connections."""
    with ExitStack() as stack:
        connector = Connector(plan, stack)
        parallel = plan.environment.settings.parallel
        yield stack.enter_context(Fleet(plan.hosts, connector.connect, parallel=parallel, observer=observer or Silent()))


class Connector:
    """Opens the conversation with any host of a plan. What it makes is undone when `stack` ends."""

    def __init__(self, plan: Plan, stack: ExitStack) -> None:
        self.plan, self.stack = plan, stack
        self.redactor = Redactor(plan.environment.variables)
        self._sites = None

    def connect(self, host: Host) -> Conversation:
        """Begin a conversation. Raises Unreachable."""
        start = agent_command("python3")
        if host.is_local:
            return Conversation(host, LocalChannel(start.words), self.redactor, self._upload_locally)
        raise NotImplementedError
