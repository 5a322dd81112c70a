"""Answers to the reading at the beginning of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..errors import StepFailed
from ..hosts.failures import HostFailure, failure_of
from ..operation import Result
from ..recipe.check import read_host

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..recipe.plan import Plan


def tool_facts(asked: Future[tuple[Result, ...]]) -> Callable[[], Mapping[str, Any]]:
    """What the host says of its interpreter, waited for when it is first needed."""

    def wait() -> Mapping[str, Any]:
        results = asked.result()
        if len(results) < 3 or not results[2].ok:
            raise StepFailed("the host could not be read, so that no wheels can be chosen for it")
        value: Mapping[str, Any] = results[2].value
        return value

    return wait


def unread(plan: Plan, answers: Mapping[Host, Sequence[Result]]) -> list[HostFailure]:
    """What kept hosts from being read, of those that were not; `answers` begin with those of `read_host`."""
    found = (failure_of(host, read_host(plan, host), results) for host, results in answers.items())
    return [failure for failure in found if failure]


def basis(read: Sequence[Result]) -> str:
    """The digest of the tree that a release would begin with, by the answers to `read_host`; empty without one."""
    digest: str = read[1].value["inventory"]["basis"]
    return digest
