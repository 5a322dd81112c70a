"""Operations between upload and publish that stand on what the host has: its environment and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config.environment import Environment
from ..operation import Operation
from ..source.ships import exclusions

if TYPE_CHECKING:
    from ..plan import Plan, StepContext


def bundle_place(context: StepContext) -> str:
    """Where the host gets the packages of a new environment."""
    return str(context.layout.private / "bundles" / context.key)


def ship_bundle(context: StepContext) -> list[Operation]:
    """Upload requirements and wheels, unless the host has the environment already."""
    assert context.built is not None
    if context.built.bundle.mode == "none" or context.key in context.facts["venvs"]:
        return []
    arguments = {
        "source": str(context.built.bundle.path),
        "target": bundle_place(context),
        "excludes": exclusions(()),
        "prepared": False,
    }
    return [Operation("upload", arguments, "", "rsync of the packages", alongside=True)]


def install(context: StepContext) -> list[Operation]:
    """Link the release to its environment, which is built first where the host has none of its key."""
    assert context.built is not None
    bundle, settings = context.built.bundle, context.environment.settings
    paths = {path: list(modules) for path, modules in bundle.import_paths.items()}
    what = {"bundle": bundle_place(context), "packages": dict(bundle.packages), "import_paths": paths}
    arguments = {
        "release": context.release,
        "key": context.key,
        "python": settings.python,
        "mode": bundle.mode,
        "installer": context.facts["installer"],
        "timeout": settings.step_timeout,
        **what,
    }
    linked = bundle.mode != "none" and context.key in context.facts["venvs"]
    return [Operation("install", arguments, "install", "install the packages", brief=linked)]


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
    step = "wait_for_services"
    return (
        [Operation("wait", {"services": services, **options}, step, f"wait for {', '.join(services)}")]
        if services
        else []
    )


def look(plan: Plan) -> list[Operation]:
    """Have a first look at the services, while everything else begins."""
    usable = bool(plan.environment.settings.migrate)
    services = awaited(plan.environment, usable=usable)
    if not services or "wait_for_services" not in plan.recipe.names:
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
