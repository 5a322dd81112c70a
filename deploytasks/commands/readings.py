"""Answers to the reading at the beginning of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..errors import StepFailed
from ..hosts.failures import HostFailure, failure_of
from ..operation import Result
from ..recipe.answers import found
from ..recipe.check import read_host
from ..recipe.facts import ToolFacts

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..recipe.plan import Plan


def tool_facts(asked: Future[tuple[Result, ...]]) -> Callable[[], Mapping[str, Any]]:
    """What the host says of its interpreter, waited for when it is first needed."""

    def wait() -> Mapping[str, Any]:
        results = asked.result()
        tools = found(ToolFacts, results)
        if tools is None:
            raise StepFailed("the host could not be read, so that no wheels can be chosen for it")
        return tools.said

    return wait


def unread(plan: Plan, answers: Mapping[Host, Sequence[Result]]) -> list[HostFailure]:
    """What kept hosts from being read, of those that were not; `answers` begin with those of `read_host`."""
    failures = (failure_of(host, read_host(plan, host), results) for host, results in answers.items())
    return [failure for failure in failures if failure]
