"""The processes of a release that hosts run by themselves: what each runs, and what it is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..operation import Operation
from .restart import RELEASE, health_headers, health_urls, restart, verify
from .shape import shaped

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..config.settings import Settings
    from .context import StepContext
    from .plan import Plan


@dataclass(frozen=True)
class Process:
    """One process that systemd knows of."""

    unit: str
    process: str
    release: str
    state: str
    substate: str
    seconds: float
    """Since it is in this state."""
    restarts: int
    pid: int | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Processes:
    """What a host should run, {unit: process}, and what it does."""

    release: str | None
    wanted: Mapping[str, str]
    seen: tuple[Process, ...]

    @classmethod
    def of(cls, value: Any) -> Processes:
        return shaped(cls, value)


def managed(settings: Settings) -> bool:
    """Whether processes of this environment are run by deploytasks, on any of its hosts."""
    return bool(settings.processes or settings.role_processes)


def processes_of(settings: Settings, host: Host) -> dict[str, int]:
    """{process: how many}: DEPLOY_PROCESSES for hosts of DEPLOY_HOSTS, DEPLOY_PROCESSES_<ROLE> for those of a role."""
    found: dict[str, int] = {}
    for role, pairs in (("app", settings.processes), *settings.role_processes):
        if role in host.roles:
            found.update(pairs)
    return found


def unit_prefix(plan: Plan) -> str:
    """What the units of a deployment are called: its project and environment."""
    name = f"{plan.identity.owner['project']}-{plan.environment.name}"
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "app"


def start(context: StepContext) -> list[Operation]:
    """Start the release's listening processes beside the old ones, and wait until they answer well."""
    settings = context.environment.settings
    processes = processes_of(settings, context.host)
    if not processes:
        return []
    arguments = {
        "release": context.release,
        "unit": unit_prefix(context.plan),
        "processes": processes,
        "variables": context.variables(),
        "question": question(context),
        "stop_timeout": settings.stop_timeout,
    }
    return [Operation("start_processes", arguments, "start", f"start {' '.join(processes)}")]


def question(context: StepContext) -> dict[str, Any]:
    """What a listening process is asked over its socket, as the front would ask it for DEPLOY_HEALTH_URL."""
    settings = context.environment.settings
    urls = health_urls(settings, context.host)
    expect = settings.health_expect
    asked = urlsplit(urls[0] if urls else "http://localhost/")
    proto = {"X-Forwarded-Proto": "https"} if asked.scheme.lower() == "https" else {}
    host = asked.netloc.rpartition("@")[2]
    return {
        "url": asked._replace(scheme="http").geturl(),
        "timeout": settings.health_timeout,
        "headers": {**proto, "Host": host, **health_headers(settings)},
        "expect": expect.replace(RELEASE, context.release) if expect else None,
        "any_below_500": not urls,
    }


def restart_all(context: StepContext) -> list[Operation]:
    """After publish: what does not listen is stopped and started anew; else the restart command of every role."""
    settings = context.environment.settings
    if not managed(settings):
        return restart(context)
    arguments = {"release": context.release, "seconds": settings.stop_timeout}
    return [Operation("switch_processes", arguments, "restart", "switch processes")]


def verify_all(context: StepContext) -> list[Operation]:
    """Processes that are managed run and answer through `current`; then the health URLs are asked."""
    settings = context.environment.settings
    if not managed(settings):
        return verify(context)
    arguments = {"release": context.release, "question": question(context), "settle": settings.health_settle}
    own = Operation("verify_processes", arguments, "verify", "ask the processes")
    return [own, *verify(context)]


def stop(context: StepContext) -> list[Operation]:
    """Only what `current` leads to runs afterwards."""
    return stop_others(context.plan, step="stop")


def stop_others(plan: Plan, step: str = "") -> list[Operation]:
    """The same for a run that ends, however it does; nothing where no process is managed."""
    settings = plan.environment.settings
    if not managed(settings):
        return []
    return [Operation("stop_others", {"seconds": settings.stop_timeout}, step, "stop old processes")]


def start_again(context: StepContext) -> list[Operation]:
    """What listened for a release that served before runs, if it ever did; most often it was never stopped."""
    if not managed(context.environment.settings):
        return []
    return [Operation("start_again", {"release": context.release}, "start", f"start {context.release} again")]
