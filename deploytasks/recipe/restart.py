"""Restart and verify, by the roles of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operation import Operation
from ..shell import shell_line

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..config.settings import Settings
    from .context import StepContext


def restart(context: StepContext) -> list[Operation]:
    """Run the restart command of every role that the host has."""
    lines = restart_lines(context.environment.settings, context.host)
    return [context.in_release(shell_line(line), step="restart", role=role) for role, line in lines]


def restart_lines(settings: Settings, host: Host) -> list[tuple[str, str]]:
    """(role, command): DEPLOY_RESTART for the hosts of DEPLOY_HOSTS, DEPLOY_RESTART_<ROLE> for those of a role."""
    lines = [("app", settings.restart)] if settings.restart else []
    return [(role, line) for role, line in (*lines, *settings.role_restart) if role in host.roles]


def verify(context: StepContext) -> list[Operation]:
    """Ask the health URL of every role that the host has, from the host itself."""
    settings = context.environment.settings
    urls = [settings.health_url] if "app" in context.host.roles and settings.health_url else []
    urls += [url for role, url in settings.role_health_url if role in context.host.roles]
    expect = settings.health_expect.replace("{release}", context.release) if settings.health_expect else None
    asked = {"timeout": settings.health_timeout, "host_header": settings.health_host, "expect": expect}
    return [Operation("verify", {"url": url, **asked}, "verify", f"GET {url}") for url in urls]
