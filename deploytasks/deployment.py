"""Carries a Plan out: local steps, barriers left of publish, batches right of it, undo, and a report that was re-read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any, TypeVar

from . import findings, locking, staging, undo
from .environment import Host
from .errors import DeployError, StepFailed
from .fleet import Fleet, HostsFailed
from .observer import Observer, Silent
from .operation import Operation, Result
from .plan import Built, Plan, StepContext, applies, batches
from .recipe import Step
from .release import next_id
from .report import Report, StepOutcome
from .sites import Connector
from .steps import closing, opening
from .undo import Ending, Progress, describe, failing_lines

Answer = TypeVar("Answer")


def execute(plan: Plan, *, observer: Observer | None = None, now: Callable[[], datetime] | None = None) -> Report:
    """Deploy `plan` and report what became of it; never prints, never exits.

    The report's `exit_code` says how it ended; a failure before any host was contacted raises UsageError instead.
    Interrupts (KeyboardInterrupt) are undone first and then reported as 130.
    """
    run = Deployment(plan, observer or Silent(), now or (lambda: datetime.now(timezone.utc)))
    return run.report()


class Deployment:
    """One run of one plan."""

    def __init__(self, plan: Plan, observer: Observer, now: Callable[[], datetime]) -> None:
        self.plan, self.observer, self.now = plan, observer, now
        self.progress = Progress()
        self.local: list[StepOutcome] = []
        self.notes: list[str] = list(plan.environment.warnings)
        self.started = time.monotonic()

    def report(self) -> Report:
        """Run, and turn whatever happened into a Report. UsageError passes through: nothing was contacted."""
        connector = Connector(self.plan.environment, self.observer)
        error: BaseException | None = None
        with ExitStack() as stack:
            stack.enter_context(connector)
            gate = self._locally("vendor", lambda: staging.gate(self.plan))
            self._note(*gate.notes)
            parallel = self.plan.environment.settings.parallel
            fleet = stack.enter_context(
                Fleet(self.plan.hosts, connector.connect, parallel=parallel, observer=self.observer))
            try:
                self._run(fleet, stack, gate.dirty)
            except (DeployError, KeyboardInterrupt) as failure:
                error = failure
            except Exception as bug:
                error = bug
            return self._closing(fleet, error)

    def _run(self, fleet: Fleet, stack: ExitStack, dirty: bool) -> None:
        facts = {host: fleet.start(host, opening.check(self.plan, host)) for host in self.plan.hosts}
        built = self._locally("build", lambda: staging.build(self.plan, stack, dirty, self._note))
        self._check(fleet, {host: future.result() for host, future in facts.items()}, built)
        inventories = locking.take(fleet, self.plan, self.observer)
        self.progress.locked = True
        self._decide(inventories, built)
        self._left_of_bar(fleet)
        self._right_of_bar(fleet)

    def _locally(self, step: str, work: Callable[[], Answer]) -> Answer:
        begun = time.monotonic()
        self.observer.started(step, "")
        outcome = "failed"
        try:
            answer = work()
            outcome = "ok"
            return answer
        finally:
            seconds = time.monotonic() - begun
            self.local.append(StepOutcome(step, "", outcome, seconds))
            self.observer.finished(step, "", Result(outcome == "ok", seconds=seconds))

    def _note(self, *notes: str) -> None:
        for note in notes:
            self.notes.append(note)
            self.observer.note(note)

    def _check(self, fleet: Fleet, facts: dict[Host, tuple[Result, ...]], built: Built) -> None:
        failures = [failure for host, results in facts.items()
                    if (failure := opening.failure(self.plan, host, results))]
        if failures:
            raise HostsFailed(failures)
        found = findings.of_hosts(self.plan, facts, built)
        self._note(*found.warnings)
        if found.problems:
            raise StepFailed("\n".join(found.problems))

    def _decide(self, inventories: dict[Host, dict[str, Any]], built: Built) -> None:
        ids = [entry["id"] for inventory in inventories.values() for entry in inventory["releases"]]
        self.progress.release = next_id(built.tree.revision.commit, self.now(), ids)
        self.progress.contexts = tuple(
            StepContext(self.plan, host, self.progress.release, built, inventory, served(inventory))
            for host, inventory in inventories.items())

    def _left_of_bar(self, fleet: Fleet) -> None:
        for group in self._groups(self.plan.recipe.left_of_bar()):
            if any(step.name == "migrate" for step in group):
                self.progress.migrated = bool(self.plan.environment.settings.migrate)
            fleet.each({context.host: operations(group, context) for context in self.progress.contexts})

    def _groups(self, steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
        """Steps that share one exec: all of them for a single host; else those of the tool that decide nothing."""
        if len(self.plan.hosts) == 1:
            yield tuple(steps)
            return
        waiting: list[Step] = []
        for step in steps:
            waiting.append(step)
            if step.name not in ("prepare", "link_shared"):
                yield tuple(waiting)
                waiting = []
        if waiting:
            yield tuple(waiting)

    def _right_of_bar(self, fleet: Fleet) -> None:
        contexts = {context.host: context for context in self.progress.contexts}
        steps = tuple(step for step in self.plan.recipe.right_of_bar() if step.name != "prune")
        cut = batches(tuple(contexts), self.plan.environment.settings.batch)
        alone = len(contexts) == 1
        for batch in cut:
            self.progress.switched += batch
            work = {host: operations(steps, contexts[host]) for host in batch}
            if alone:
                work = {host: [*found, *self._ending(contexts[host])] for host, found in work.items()}
            fleet.each(work)
        if not alone:
            fleet.each({host: self._ending(context) for host, context in contexts.items()})
        self.progress.done = True

    def _ending(self, context: StepContext) -> list[Operation]:
        prune = any(step.name == "prune" for step in self.plan.recipe)
        return closing.succeeded(context, self._entry("ok"), prune=prune)

    def _entry(self, outcome: str, error: str | None = None) -> dict[str, Any]:
        return closing.entry(self.plan, self.progress.release, outcome, time.monotonic() - self.started, error)

    def _closing(self, fleet: Fleet, error: BaseException | None) -> Report:
        """Undo what was switched, record the failure, re-read every host, and report."""
        code, message = describe(error)
        ending = Ending()
        if error is not None and not self.progress.done:
            with locking.uninterrupted():
                fleet.cancel()
                entry = self._entry("failed", message)
                ending = undo.undo(fleet, self.plan, self.progress, entry, self.observer)
        if ending.problems:
            code, message = 6, "\n".join((*filter(None, [message]), *ending.problems))
        if error is not None and self.progress.migrated:
            self._note("the migration ran and is not reversed; see that the release served now works with the new schema")
        hosts = closing.outcomes(fleet, self.plan, self.progress.release, code)
        return Report(
            self.plan.command, self.plan.environment.name, self.plan.revision.commit, self.progress.release, code,
            message, failing_lines(error), hosts, (*self.local, *fleet.steps), tuple(self.notes),
            self.plan.environment.taken_from_process)


def operations(steps: Sequence[Step], context: StepContext) -> list[Operation]:
    """What one host is asked to do for some steps, in order."""
    return [operation for step in steps if applies(step, context.host) for operation in step.build(context)]


def served(inventory: dict[str, Any]) -> str | None:
    """The release that a host serves, None when it serves none or `current` dangles."""
    return None if inventory["dangling"] else inventory["current"]
