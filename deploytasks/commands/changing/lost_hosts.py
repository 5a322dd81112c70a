"""What hosts that went silent in the middle of a run say when they are asked anew, and whether it is still theirs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...config.environment import Host
from ...hosts.failures import HostFailure, HostsFailed, failed
from ...hosts.site import fleet_of
from ...recipe.answers import History, LockHolder, Provenance, answer, found
from ...recipe.check import open_root
from ...recipe.ending import READ_BACK, history
from ...recipe.lock import READ_LOCK
from ...recipe.plan import Plan


@dataclass(frozen=True)
class Word:
    """A host's answer."""

    taken: bool
    """The run's lock was taken over or broken, or is just about to be."""
    serves: Provenance | None
    """What the host serves; None while something of the run may still go on there and change that."""


def ask_silent(plan: Plan, error: BaseException | None) -> dict[Host, Word]:
    """The answers of the hosts that went silent or whose step was killed: what ended them may be the run that took
    over. Those that cannot be reached are left out.
    """
    failures = error.failures if isinstance(error, HostsFailed) else ()
    silent = [failure.host for failure in failures if was_ended(failure)]
    if not silent:
        return {}
    asked = [open_root(plan), READ_LOCK, history(50), READ_BACK]
    with fleet_of(replace(plan, command="status")) as fleet:
        answers = fleet.each(dict.fromkeys(silent, asked), together=False)
    run = plan.identity.run_id
    return {
        host: word(run, found(LockHolder, results), answer(History, results), answer(Provenance, results))
        for host, results in answers.items()
        if not failed(results)
    }


def word(run: str, lock: LockHolder | None, past: History, serves: Provenance) -> Word:
    """What a host's lock, history and provenance say to the run of this id."""
    others = lock is not None and (lock.token != run or lock.condemned)
    taken = others or past.tells_end_of(run)
    return Word(taken, None if lock is not None and lock.alive else serves)


def was_ended(failure: HostFailure) -> bool:
    """Whether something from outside ended what a host did."""
    return failure.result.kind in ("disconnected", "lock_lost") or failure.result.code < 0
