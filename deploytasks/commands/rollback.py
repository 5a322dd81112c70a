"""Rolling back: every host flips to the previous good release, its code, its dependencies, its environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..config.environment import Host
from ..errors import StepFailed
from ..hosts.fleet import Fleet
from ..hosts.observer import Observer, Silent
from ..operation import Operation, Result
from ..recipe import processes, publish, services
from ..recipe.answers import Inventory, found
from ..recipe.backup import BACKUPS, Backups
from ..recipe.context import StepContext
from ..recipe.ending import farewell, mark_left
from ..recipe.plan import Plan
from ..recipe.release import rollback_target
from ..recipe.rounds import Round, ended, joined
from ..report import Report
from . import schema
from .backups import taken_before
from .changing import locks
from .changing.transaction import Run


def rollback(plan: Plan, *, to: str | None = None, observer: Observer | None = None) -> Report:
    """Flip every host of `plan` back to the previous good release, or to the release `to`; report what became of it.

    The release left is marked bad; a `to` that was marked bad is good again.
    Exit code 1, and nothing flipped, when there
    is nothing to roll back to or a host lacks the target; 77 or 78 when a service refuses the target's own credentials.
    """
    return Run(plan, observer or Silent()).report(lambda run, fleet: roll_back(run, fleet, to))


def roll_back(run: Run, fleet: Fleet, to: str | None) -> None:
    """Choose under the lock, ask the services, flip all, remember; a single host is told all of it at once."""
    plan = run.plan
    inventories = locks.take(fleet, plan, run.observer)
    run.progress.locked = True
    target = choose(plan, inventories, to)
    run.progress.release = target
    run.progress.contexts = tuple(
        StepContext(plan, host, target, None, inventory, previous=inventory.served)
        for host, inventory in inventories.items()
    )
    run.note(*migrations(inventories, target))
    contexts = run.progress.contexts
    releases = contexts[0].inventory.releases
    run.note(*schema.left_behind(plan.environment.root, releases, contexts[0].previous, target))
    asked = services.ask_again(contexts[0])
    endings = {context.host: ending(run, context) for context in contexts}
    run.note(*backup_of(run, fleet))
    answers = run.carry_out(fleet, ended(going_back(contexts, asked), endings))
    run.note(*not_yet(contexts[0].host, answers[contexts[0].host][: len(asked)]))


def backup_of(run: Run, fleet: Fleet) -> Iterator[str]:
    """What is to be said of the backup before the release that is left, where backups are made."""
    context = run.progress.contexts[0]
    if run.plan.environment.settings.backup and context.host.primary:
        results = fleet.each({context.host: [BACKUPS]}, together=False)[context.host]
        kept = found(Backups, results)
        yield from taken_before(run.plan, context.previous, kept.backups if kept else ())


def not_yet(host: Host, results: Sequence[Result]) -> Iterator[str]:
    """What is to be said of services that a rollback does not wait for."""
    for result in results:
        for name, service in result.value.services.items():
            if service.code:
                yield f"{host.name}: {name} {service.text}; rolled back all the same"


def choose(plan: Plan, inventories: Mapping[Host, Inventory], to: str | None) -> str:
    """The release that every host goes to. Raises StepFailed when there is none, or a host lacks it."""
    first = inventories[plan.hosts[0]]
    target = rollback_target(first.ours, first.current) if to is None else to
    if target is None:
        raise StepFailed(
            f"{plan.hosts[0].name}: no earlier good release to roll back to; see `fab releases"
            f" --env={plan.environment.name}`"
        )
    lacking = [
        host.name
        for host, inventory in inventories.items()
        if target not in {release.id for release in inventory.ours}
    ]
    if lacking:
        others = ",".join(host.name for host in plan.hosts if host.name not in lacking) or "HOST"
        raise StepFailed(
            f"{', '.join(lacking)}: release {target} is not there; choose another with --to, or leave the "
            f"host out with --limit={others}"
        )
    return target


def going_back(contexts: Sequence[StepContext], asked: Sequence[Operation]) -> tuple[Round, ...]:
    """The first host is `asked` something, then all flip; one that is alone does both at once."""
    question = Round({contexts[0].host: tuple(asked)})
    started = Round({context.host: started_beside(context) for context in contexts})
    flips = Round({context.host: forward(context) for context in contexts}, switches=True)
    before = (question, started) if any(started.work.values()) else (question,)
    return (*before, flips) if len(contexts) > 1 else (joined((*before, flips)),)


def forward(context: StepContext) -> tuple[Operation, ...]:
    """Flip one host to the target, with the target's own environment."""
    return (
        publish.own_environment(context.release),
        *publish.publish(context),
        *processes.restart_all(context),
        *processes.verify_all(context),
    )


def started_beside(context: StepContext) -> tuple[Operation, ...]:
    """The target's own processes answer before anybody is served by them."""
    return tuple(processes.start(context))


def ending(run: Run, context: StepContext) -> list[Operation]:
    """The target is good, the release left is not; the history knows; the lock is given back."""
    marks = [Operation("mark", {"release": context.release, "verified": True, "bad": False})]
    if context.previous and context.previous != context.release:
        marks.append(mark_left(context.previous))
    return [*processes.stop_others(context.plan, "stop"), *marks, *farewell(run.entry("ok"))]


def migrations(inventories: Mapping[Host, Inventory], target: str) -> tuple[str, ...]:
    """A warning when DEPLOY_MIGRATE ran after the target was deployed: a rollback does not reverse the schema."""
    newer = sorted(
        {
            one.id
            for inventory in inventories.values()
            for one in inventory.releases
            if one.migrated and one.id > target
        }
    )
    if not newer:
        return ()
    what = f"DEPLOY_MIGRATE ran with {', '.join(newer)}, and what it changed is not reversed"
    return (f"{what}; see that {target} works with the newer schema",)
