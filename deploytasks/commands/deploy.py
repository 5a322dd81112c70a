"""Deploying a Plan: local steps, barriers left of publish, batches right of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from ..config.environment import Host
from ..errors import StepFailed
from ..hosts.failures import HostsFailed
from ..hosts.fleet import Fleet
from ..hosts.observer import Observer, Silent
from ..operation import Result
from ..recipe import services
from ..recipe.answers import Inventory, answer
from ..recipe.check import read_host
from ..recipe.context import Built, StepContext
from ..recipe.default import BUILD, VENDOR
from ..recipe.ending import succeeded
from ..recipe.facts import HostFacts, ToolFacts
from ..recipe.plan import Plan
from ..recipe.release import next_id
from ..recipe.rounds import ended, rounds
from ..report import Report
from . import brought, build, readings, schema
from .changing import closing_table, locks
from .changing.transaction import Run, utc_now
from .check import findings


def execute(plan: Plan, *, observer: Observer | None = None, now: Callable[[], datetime] = utc_now) -> Report:
    """Deploy `plan` and report what became of it; never prints, never exits.

    The report's `exit_code` says how it ended. Raises UsageError when a vendored dependency does not pass the gate:
    nothing was contacted then. A KeyboardInterrupt is undone first and then reported as 130.
    """
    run = Run(plan, observer or Silent(), now)
    passed = run.locally(VENDOR.name, lambda: build.gate(plan, run.stack))
    run.note(*passed.notes)
    return run.report(lambda run, fleet: deploy(run, fleet, passed))


def deploy(run: Run, fleet: Fleet, passed: build.Passed) -> None:
    """The recipe from `check` on. Hosts are read while the tree is built here."""
    plan = run.plan
    looked = services.look(plan)
    passed.news.add_done_callback(lambda news: fleet.expect_uploads(plan.hosts if news.result() else ()))
    asked = {host: fleet.start(host, [*read_host(plan, host), *looked]) for host in plan.hosts}
    facts = readings.tool_facts(asked[plan.hosts[0]])
    built = run.locally(BUILD.name, lambda: build.build(plan, passed, facts, run.note))
    answers = {host: future.result() for host, future in asked.items()}
    check(run, answers, built, fleet.noise())
    fleet.expect_uploads(
        host for host, read in answers.items() if answer(HostFacts, read).inventory.basis != built.tree.digest
    )
    inventories = locks.take(fleet, plan, run.observer)
    run.progress.locked = True
    decide(run, answers, inventories, built)
    with build.looking_behind(passed, run.note):
        carry_out(run, fleet)


def check(
    run: Run, answers: Mapping[Host, Sequence[Result]], built: Built, noise: Mapping[Host, str]
) -> None:
    """Raise HostsFailed for hosts that could not be read, StepFailed with every finding of the others."""
    plan = run.plan
    if unread := readings.unread(plan, answers):
        raise HostsFailed(unread)
    found = findings.of_hosts(plan, answers, built, run.now().timestamp(), noise)
    run.note(*found.warnings)
    if found.problems:
        raise StepFailed("\n".join(found.problems))


def decide(
    run: Run, answers: Mapping[Host, Sequence[Result]], inventories: Mapping[Host, Inventory], built: Built
) -> None:
    """Fix the release id, under the locks, and with it every host's context."""
    ids = [one for inventory in inventories.values() for one in inventory.ids]
    release = next_id(built.tree.revision.commit, run.now(), ids)
    run.progress.release = release
    run.note(*bad_before(inventories, release))
    run.progress.contexts = tuple(
        StepContext(
            run.plan, host, release, built, inventory, answer(ToolFacts, answers[host]), inventory.served
        )
        for host, inventory in inventories.items()
    )
    run.note(*brought.brought(run.progress.contexts))
    said, names, run.progress.schema_stays = schema.coming(run.progress.contexts)
    if not (run.plan.environment.settings.migrate and any(step.changes_schema for step in run.plan.recipe)):
        said, names = [f"{line}; nothing runs it in this deploy" for line in said], []
    run.note(*said)
    run.progress.migrations = tuple(names)
    run.progress.released = brought.released(run.progress.contexts, said)


def bad_before(inventories: Mapping[Host, Inventory], release: str) -> Iterator[str]:
    """What is to be said of earlier releases of this revision: those that were left, and those that never got there."""
    known = {one for inventory in inventories.values() for one in inventory.ours if one.bad}
    same = sorted(one for one in known if one.id.endswith(release[-8:]))
    if left := [one.id for one in same if one.good]:
        yield f"this revision was deployed before and marked bad ({', '.join(left)}); see `fab releases`"
    if failed := [one.id for one in same if not one.good]:
        yield f"a deploy of this revision failed before ({', '.join(failed)}); see `fab releases`"


def carry_out(run: Run, fleet: Fleet) -> None:
    """Every step on every host; then the release is good everywhere, which each host is told in its ending."""
    plan, contexts = run.plan, run.progress.contexts
    planned = rounds(plan.recipe, contexts, plan.environment.settings.batch)
    bar = next(at for at, one in enumerate(planned) if one.switches)
    run.carry_out(fleet, planned[:bar])
    prune = any(step.by_engine for step in plan.recipe.right_of_bar())
    endings = {context.host: succeeded(context, run.entry("ok"), prune=prune) for context in contexts}
    answers = run.carry_out(fleet, ended(planned[bar:], endings))
    run.note(*closing_table.untidied(answers))
