"""Routes to the rig's hosts as a deploy makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploytasks.config.environment import Environment, Host
from deploytasks.config.settings import Settings
from deploytasks.shell import command
from deploytasks.ssh.config import route_to
from deploytasks.ssh.connection import channel_to
from deploytasks.ssh.route import Route, SshOptions
from tests.rig import Farm


def environment(made: Farm, root: Path, **settings: Any) -> Environment:
    """A project in `root` that uses the farm's ssh_config."""
    return Environment(
        "test", root, (), Settings(**{"path": "/srv/app", "ssh_config": str(made.ssh_config), **settings})
    )


def route(made: Farm, host: Host | str, options: SshOptions | None = None, **settings: Any) -> Route:
    """The way to a host of the farm."""
    named = Host(host) if isinstance(host, str) else host
    return route_to(environment(made, made.directory, **settings), named, options or SshOptions())


def answer(way: Route, line: str = "echo reached") -> str:
    """What a shell line prints there."""
    channel = channel_to(way, command("sh", "-c", line))
    try:
        return b"".join(iter(channel.receive, b"")).decode()
    finally:
        channel.close()
