"""Restart and verify, by the roles of a host."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..operation import Operation, Request
from ..shell import shell_line
from .served import Health

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.environment import Host
    from ..config.settings import Settings
    from .context import StepContext

RELEASE = "{release}"
"""What stands for the release in DEPLOY_HEALTH_EXPECT."""

RESTART = "restart"
"""The step in reports."""


def restart(context: StepContext) -> list[Operation]:
    """Run the restart command of every role that the host has."""
    lines = restart_lines(context.environment.settings, context.host)
    return [context.in_release(shell_line(line), step=RESTART, role=role) for role, line in lines]


def restart_lines(settings: Settings, host: Host) -> list[tuple[str, str]]:
    """(role, command): DEPLOY_RESTART for the hosts of DEPLOY_HOSTS, DEPLOY_RESTART_<ROLE> for those of a role."""
    lines = [("app", settings.restart)] if settings.restart else []
    return [(role, line) for role, line in (*lines, *settings.role_restart) if role in host.roles]


def verify(context: StepContext) -> list[Operation]:
    """Ask the health URL of every role that the host has, from the host itself, until its answers stay good."""
    settings = context.environment.settings
    expect = settings.health_expect or None
    tells = expect is not None and RELEASE in expect
    asked = {
        "timeout": settings.health_timeout,
        "headers": health_headers(settings),
        "expect": expect and expect.replace(RELEASE, context.release),
        "settle": 0.0 if tells else settings.health_settle,
    }
    return [
        Operation("verify", {"url": url, **asked}, "verify", f"GET {url}")
        for url in health_urls(settings, context.host)
    ]


def still(asked: Sequence[Request]) -> list[Operation]:
    """Ask again what a verify asked before: whether the answer is good now."""
    questions = (one for one in asked if isinstance(one, Operation) and one.name == "verify")
    return [replace(one, arguments={**one.arguments, "settle": 0.0}) for one in questions]


def ask_health(settings: Settings, host: Host) -> list[Operation]:
    """Ask, once, whether what a host serves answers well; nothing where no URL is set."""
    urls = health_urls(settings, host)
    asked = {"urls": urls, "headers": health_headers(settings), "expect": settings.health_expect or None}
    return [Operation("health", asked, read=Health.of)] if urls else []


def health_urls(settings: Settings, host: Host) -> list[str]:
    """DEPLOY_HEALTH_URL for the hosts of DEPLOY_HOSTS, DEPLOY_HEALTH_URL_<ROLE> for those of a role."""
    urls = [("app", settings.health_url)] if settings.health_url else []
    return [url for role, url in (*urls, *settings.role_health_url) if role in host.roles]


def health_headers(settings: Settings) -> dict[str, str]:
    """The headers of the health question."""
    host = {"Host": settings.health_host} if settings.health_host else {}
    return {**dict(settings.health_headers), **host}
