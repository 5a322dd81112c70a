"""Commands that change hosts by operations of their own, under the lock: prune and postinstall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..config.environment import Host
from ..errors import StepFailed
from ..hosts.fleet import Fleet
from ..hosts.observer import Observer, Silent
from ..operation import Operation
from ..recipe import hooks
from ..recipe.answers import Inventory
from ..recipe.context import StepContext
from ..recipe.ending import give_back
from ..recipe.plan import Plan
from ..recipe.prune import retire
from ..report import Report
from .changing import locks
from .changing.transaction import Run


def prune(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Retire releases beyond DEPLOY_KEEP_RELEASES and failed ones, under the lock."""
    keep = plan.environment.settings.keep_releases
    return under_lock(plan, observer, lambda context: retire(context.inventory, context.previous, keep))


def postinstall(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Run the postinstall step alone, in current, under the lock."""

    def work(context: StepContext) -> list[Operation]:
        if context.previous is None:
            raise StepFailed(f"{context.host.name}: serves no release; deploy first")
        return hooks.postinstall_again(replace(context, release=context.previous))

    return under_lock(plan, observer, work)


def under_lock(
    plan: Plan, observer: Observer | None, work: Callable[[StepContext], Sequence[Operation]]
) -> Report:
    """Do `work` on every host while this run holds their locks; remembered in the history."""

    def body(run: Run, fleet: Fleet) -> None:
        inventories = locks.take(fleet, plan, run.observer)
        run.progress.locked = True
        contexts = contexts_of(plan, inventories)
        fleet.each({context.host: [*work(context), *give_back(run.entry("ok"))] for context in contexts})
        run.progress.done = True

    return Run(plan, observer or Silent()).report(body)


def contexts_of(plan: Plan, inventories: Mapping[Host, Inventory]) -> list[StepContext]:
    """Contexts of commands that make no release: they work on what each host serves."""
    return [
        StepContext(plan, host, inventory.served or "", None, inventory, previous=inventory.served)
        for host, inventory in inventories.items()
    ]
