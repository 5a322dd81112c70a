"""Deploying a Plan: local steps, barriers left of publish, batches right of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..config.environment import Host
from ..errors import StepFailed
from ..hosts.failures import HostsFailed
from ..hosts.fleet import Fleet
from ..hosts.observer import Observer, Silent
from ..operation import Operation, Result
from ..recipe import restart, services
from ..recipe.check import read_host
from ..recipe.context import Built, StepContext
from ..recipe.ending import succeeded
from ..recipe.plan import Plan, batches
from ..recipe.prune import known_releases, served_release
from ..recipe.recipe import Step, applies
from ..recipe.release import next_id
from ..report import Report
from . import brought, build, forecast, readings
from .changing import closing_table, locks
from .changing.transaction import Run, utc_now
from .check import findings


def execute(plan: Plan, *, observer: Observer | None = None, now: Callable[[], datetime] = utc_now) -> Report:
    """Deploy `plan` and report what became of it; never prints, never exits.

    The report's `exit_code` says how it ended. Raises UsageError when a vendored dependency does not pass the gate:
    nothing was contacted then. A KeyboardInterrupt is undone first and then reported as 130.
    """
    run = Run(plan, observer or Silent(), now)
    passed = run.locally("vendor", lambda: build.gate(plan, run.stack))
    run.note(*passed.notes)
    return run.report(lambda run, fleet: deploy(run, fleet, passed))


def deploy(run: Run, fleet: Fleet, passed: build.Passed) -> None:
    """The recipe from `check` on. Hosts are read while the tree is built here."""
    plan = run.plan
    looked = services.look(plan)
    likely = forecast.forecast(plan)
    fleet.expect_uploads(likely.to_send)
    passed.news.add_done_callback(lambda news: fleet.expect_uploads(plan.hosts if news.result() else ()))
    asked = {host: fleet.start(host, [*read_host(plan, host), *looked]) for host in plan.hosts}
    facts = readings.tool_facts(asked[plan.hosts[0]])
    built = run.locally("build", lambda: build.build(plan, passed, facts, run.note))
    if likely.empty:
        built.tree.foresee_empty_hosts()
    answers = {host: future.result() for host, future in asked.items()}
    check(run, answers, built)
    fleet.expect_uploads(host for host, read in answers.items() if readings.basis(read) != built.tree.digest)
    inventories = locks.take(fleet, plan, run.observer)
    run.progress.locked = True
    complete = {host: inventory["basis"] == built.tree.digest for host, inventory in inventories.items()}
    forecast.remember(plan, complete)
    decide(run, answers, inventories, built)
    with build.looking_behind(passed, run.note):
        right_of_bar(run, fleet, left_of_bar(run, fleet))


def check(run: Run, answers: Mapping[Host, Sequence[Result]], built: Built) -> None:
    """Raise HostsFailed for hosts that could not be read, StepFailed with every finding of the others."""
    plan = run.plan
    if unread := readings.unread(plan, answers):
        raise HostsFailed(unread)
    found = findings.of_hosts(plan, answers, built, run.now().timestamp())
    run.note(*found.warnings)
    if found.problems:
        raise StepFailed("\n".join(found.problems))


def decide(
    run: Run,
    answers: Mapping[Host, Sequence[Result]],
    inventories: Mapping[Host, Mapping[str, Any]],
    built: Built,
) -> None:
    """Fix the release id, under the locks, and with it every host's context."""
    ids = [entry["id"] for inventory in inventories.values() for entry in inventory["releases"]]
    release = next_id(built.tree.revision.commit, run.now(), ids)
    run.progress.release = release
    known = {one for inventory in inventories.values() for one in known_releases(inventory) if one.bad}
    same = sorted(one.id for one in known if one.id.endswith(release[-8:]))
    if same:
        run.note(f"this revision was deployed before and marked bad ({', '.join(same)}); see `fab releases`")
    run.progress.contexts = tuple(
        StepContext(
            run.plan, host, release, built, inventory, answers[host][2].value, served_release(inventory)
        )
        for host, inventory in inventories.items()
    )
    run.note(*brought.brought(run.progress.contexts))


def left_of_bar(run: Run, fleet: Fleet) -> list[Operation]:
    """Every step on every host before any host goes on; `current` is untouched.

    Answers what a single host still has to do, when all of that is brief: it goes with what is right of the bar.
    """
    contexts, steps = run.progress.contexts, run.plan.recipe.left_of_bar()
    if len(contexts) == 1:
        (context,) = contexts
        asked = operations(steps, context)
        last = max((at for at, one in enumerate(asked, 1) if not one.brief), default=0)
        fleet.each({context.host: asked[:last]})
        return asked[last:]
    for group in groups(steps):
        fleet.each({context.host: operations(group, context) for context in contexts})
    return []


def groups(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps of several hosts that share one exec: only those of the tool that cannot be seen."""
    waiting: list[Step] = []
    for step in steps:
        waiting.append(step)
        if step.name not in ("prepare", "link_shared"):
            yield tuple(waiting)
            waiting = []
    if waiting:
        yield tuple(waiting)


def right_of_bar(run: Run, fleet: Fleet, before: Sequence[Operation]) -> None:
    """Publish, restart and verify batch by batch; then earlier batches are asked again: the release is good everywhere.

    `before` is what a single host has still to do left of the bar.
    """
    contexts = {context.host: context for context in run.progress.contexts}
    steps = run.plan.recipe.right_of_bar()
    prune = any(step.name == "prune" for step in steps)
    endings = {host: succeeded(context, run.entry("ok"), prune=prune) for host, context in contexts.items()}
    alone = len(contexts) == 1
    again: dict[Host, list[Operation]] = {}
    for batch in batches(tuple(contexts), run.plan.environment.settings.batch):
        work = {
            host: [*before, *operations(steps, contexts[host]), *(endings[host] if alone else ())]
            for host in batch
        }
        answers = run.switch(fleet, work, ends=alone)
        again |= {host: restart.still(asked) for host, asked in work.items()}
    fleet.each({host: asked for host, asked in again.items() if host not in work})
    run.note(*closing_table.untidied(run.end(fleet, endings, answers)))


def operations(steps: Sequence[Step], context: StepContext) -> list[Operation]:
    """What one host is asked to do for some steps, in order."""
    return [operation for step in steps if applies(step, context.host) for operation in step.build(context)]
