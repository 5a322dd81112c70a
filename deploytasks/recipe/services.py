"""The readiness wait: services that must be usable before anything touches them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..config.environment import Environment, Host
from ..operation import Operation, Result
from .answers import found
from .served import Services

if TYPE_CHECKING:
    from .context import StepContext
    from .plan import Plan


def awaited_names(environment: Environment) -> tuple[str, ...]:
    """The keys whose services are waited for."""
    named = environment.settings.wait_for
    return ("DATABASE_URL",) if named is None else tuple(named)


def awaited(environment: Environment, *, usable: bool) -> dict[str, Any]:
    """The services to wait for, {key: its URL, and whether a migration must be able to use it}."""
    names = awaited_names(environment)
    found = [variable for name in names if (variable := environment.get(name)) and variable.value.reveal()]
    return {
        one.name: {"url": one.value.reveal(), "usable": usable and one.name == "DATABASE_URL"}
        for one in found
    }


def asked(
    environment: Environment,
    *,
    base: str,
    timeout: float | None = None,
    fresh: bool = False,
    created: bool = True,
    once: bool = False,
    migrates: bool | None = None,
) -> list[Operation]:
    """Wait for the services of an environment on the host; nothing when there are none. URLs travel over stdin."""
    usable = bool(environment.settings.migrate) if migrates is None else migrates
    services = awaited(environment, usable=usable)
    options = {
        "timeout": timeout or environment.settings.wait_timeout,
        "fresh": fresh,
        "migrates": usable,
        "created": created,
        "base": base,
        "once": once,
    }
    arguments = {"services": services, **options}
    label = f"wait for {', '.join(services)}"
    asked = Operation("wait", arguments, "wait_for_services", label, read=Services.of)
    return [asked] if services else []


def doubts(host: Host, results: Iterable[Result]) -> list[str]:
    """What is to be said of services that were reached and could not be tried, among a host's results."""
    answered = found(Services, results)
    return [f"{host.name}: {warning}" for warning in answered.warnings] if answered else []


def look(plan: Plan) -> list[Operation]:
    """Have a first look at the services, while everything else begins."""
    usable = bool(plan.environment.settings.migrate)
    services = awaited(plan.environment, usable=usable)
    if not services or not any(step.build is wait for step in plan.recipe):
        return []
    return [Operation("look", {"services": services, "migrates": usable})]


def wait(context: StepContext) -> list[Operation]:
    """Real logins until every service can be used by what follows."""
    assert context.built is not None
    settings = context.environment.settings
    own = context.built.tree.manifest.executable("postinstall")
    created = bool(settings.migrate or settings.postinstall or own)
    fresh = context.plan.options.fresh or context.previous is None
    return asked(
        context.environment, base=str(context.layout.release(context.release)), fresh=fresh, created=created
    )


def ask_again(context: StepContext) -> list[Operation]:
    """Ask the services once, with the target's own environment: *never* fails, *not yet* is only said."""
    names = awaited_names(context.environment)
    arguments = {"release": context.release, "names": list(names)}
    asked = Operation(
        "ask_again", arguments, "wait_for_services", f"ask {', '.join(names)}", read=Services.of
    )
    return [asked] if names else []
