"""Run: one command that changes hosts, from its first contact to its report, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any, TypeVar

from ...errors import DISAGREE, LOCKED, UNREACHABLE, worst
from ...hosts.failures import carried_out
from ...hosts.fleet import Answers, Fleet
from ...hosts.observer import Observer
from ...hosts.site import fleet_of
from ...operation import Result
from ...recipe import services
from ...recipe.ending import history_line
from ...recipe.plan import Plan
from ...recipe.rounds import Round
from ...report import HostOutcome, Report, StepOutcome
from .. import brought
from . import closing_table, locks, progress, undo
from .lost_hosts import ask_silent
from .notify import notify

Answer = TypeVar("Answer")


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Run:
    """One run of one plan: what it noted, how far it came, and the way out."""

    def __init__(self, plan: Plan, observer: Observer, now: Callable[[], datetime] = utc_now) -> None:
        self.plan, self.observer, self.now = plan, observer, now
        self.progress = progress.Progress()
        self.stack = ExitStack()
        self.local: list[StepOutcome] = []
        self.notes: list[str] = []
        self.note(*plan.environment.warnings)
        self.started = time.monotonic()

    def report(self, body: Callable[[Run, Fleet], None]) -> Report:
        """Do `body` with the fleet of the plan's hosts; answer what became of it. Everything taken is given back."""
        with ExitStack() as to_the_end, self.stack as stack:
            fleet = stack.enter_context(fleet_of(self.plan, self.observer))
            error: BaseException | None = None
            try:
                body(self, fleet)
            except (Exception, KeyboardInterrupt) as failure:
                error = failure
            to_the_end.enter_context(locks.uninterrupted())
            return self._closing(fleet, error)

    def locally(self, step: str, work: Callable[[], Answer]) -> Answer:
        """Do a local step, told to the observer and kept for the report."""
        begun = time.monotonic()
        self.observer.started(step, "")
        outcome = "failed"
        try:
            answer = work()
            outcome = "ok"
            return answer
        finally:
            seconds = time.monotonic() - begun
            self.local.append(StepOutcome(step, "", outcome, seconds, began=begun))
            self.observer.finished(step, "", Result(outcome == "ok", seconds=seconds))

    def note(self, *notes: str) -> None:
        """Tell the observer, and keep for the report."""
        for text in notes:
            self.notes.append(text)
            self.observer.note(text)

    @property
    def revision(self) -> str | None:
        """The full commit of the plan, or of the release that the run goes back to; None when there is neither."""
        if self.plan.revision:
            return self.plan.revision.commit
        known = (entry for context in self.progress.contexts for entry in context.inventory.releases)
        return next((entry.revision for entry in known if entry.id == self.progress.release), None)

    def entry(self, outcome: str, error: str | None = None) -> dict[str, Any]:
        """This run's line for the history."""
        seconds = time.monotonic() - self.started
        entry = history_line(self.plan, self.progress.release, outcome, seconds, error)
        known = {"migrations": list(self.progress.migrations)} if self.progress.migrations else {}
        return {**entry, "revision": self.revision, **brought.pins(self.progress.contexts), **known}

    def carry_out(self, fleet: Fleet, rounds: Sequence[Round]) -> Answers:
        """Carry out one round after the other; every host's answers to all of them."""
        answers: Answers = {}
        for one in rounds:
            answered = self._switch(fleet, one) if one.switches else self._stay(fleet, one)
            for host, results in answered.items():
                self.note(*services.doubts(host, results))
            answers.update({host: (*answers.get(host, ()), *results) for host, results in answered.items()})
            if one.frees:
                self.progress.completed(answers)
        return answers

    def _stay(self, fleet: Fleet, one: Round) -> Answers:
        """Carry out what changes nothing of what is served. A run that gives its locks back is not to be stopped."""
        if not one.frees:
            return fleet.each(one.work)
        with locks.uninterrupted():
            self.progress.done = True
            return fleet.each(one.work, together=False)

    def _switch(self, fleet: Fleet, one: Round) -> Answers:
        """Carry out what switches hosts.

        Where that also ends them, an interrupt that finds all of it done comes too late.
        """
        self.progress.switched += tuple(one.work)
        begun = fleet.begin(one.work)
        try:
            return fleet.finish(begun, one.work)
        except KeyboardInterrupt:
            with locks.uninterrupted():
                fleet.cancel()
                answers = {host: future.result() for future, host in begun.items()}
            if one.frees and all(carried_out(one.work[host], results) for host, results in answers.items()):
                return answers
            raise

    def _way_out(
        self, fleet: Fleet, error: BaseException, code: int, message: str | None
    ) -> tuple[int, str | None]:
        """Stop every host and undo; the exit code and the message that tell how that went."""
        fleet.cancel()
        words = ask_silent(self.plan, error) if self.progress.locked else {}
        lost = [host for host, word in words.items() if word.taken]
        self.progress.served = {host: word.serves for host, word in words.items() if word.serves}
        self.progress.switched = undo.switched(fleet, self.plan, self.progress)
        if lost:
            names = ", ".join(host.name for host in lost)
            gone = f"{names}: this run's lock is gone, another run has the host; see `fab status`, then deploy again"
            code, message = worst((code, LOCKED)), "\n".join(filter(None, [message, gone]))
        entry = self.entry("failed", message)
        problems = undo.undo(fleet, self.plan, self.progress, entry, self.observer, lost=lost)
        if problems:
            return DISAGREE, "\n".join((*filter(None, [message]), *problems))
        return code, message

    def _judged(
        self, fleet: Fleet, hosts: Sequence[HostOutcome], code: int, message: str | None
    ) -> tuple[int, str | None]:
        """The exit code and the message in the light of what the hosts serve in the end, or do not say."""
        astray = closing_table.strays(fleet, self.plan, self.progress.expected, hosts)
        unasked = closing_table.unasked(fleet, self.plan, hosts) if code else ()
        code = DISAGREE if astray else worst((code, UNREACHABLE)) if unasked else code
        return code, "\n".join((*filter(None, [message]), *astray, *unasked)) or None

    def _schema_left(self, fleet: Fleet) -> Iterator[str]:
        """What is to be said of the schema after a failure, where it may have changed."""
        names = {step.name for step in self.plan.recipe if step.changes_schema}
        ends = {one.outcome for one in fleet.steps if one.step in names}
        cure = "see that the release served now works with the new schema"
        if ends - {"ok"}:
            yield f"DEPLOY_MIGRATE did not end well; what it changed until then is not reversed: {cure}"
        elif ends and not self.progress.schema_stays:
            what = f"{', '.join(self.progress.migrations)}: " if self.progress.migrations else ""
            yield f"{what}DEPLOY_MIGRATE ran, and what it changed is not reversed; {cure}"

    def _closing(self, fleet: Fleet, error: BaseException | None) -> Report:
        """Undo what was switched, record the failure, re-read every host."""
        code, message = undo.describe(error)
        if error is not None and not self.progress.done:
            code, message = self._way_out(fleet, error, code, message)
        if error is not None:
            self.note(*self._schema_left(fleet))
        served = self.progress.served
        if not (self.progress.done and served):
            served = {**served, **closing_table.read_back(fleet, self.plan, self.plan.hosts)}
        hosts = closing_table.outcomes(self.plan, self.progress.release, code, served, self.progress.down)
        code, message = self._judged(fleet, hosts, code, message)
        report = Report(
            self.plan.command,
            self.plan.environment.name,
            self.revision,
            self.progress.release,
            code,
            message,
            undo.failing_lines(error),
            hosts,
            (*self.local, *fleet.steps),
            tuple(self.notes),
            self.plan.environment.taken_from_process,
            {"released": self.progress.released} if self.progress.released else {},
        )
        self.note(*notify(self.plan.environment, report))
        return report
