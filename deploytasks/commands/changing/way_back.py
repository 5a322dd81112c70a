"""The way back: hosts that were switched serve again what they served before, which is tried for a while."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...hosts.failures import HostFailure, failure_of
from ...recipe import publish

if TYPE_CHECKING:
    from ...config.environment import Host
    from ...hosts.fleet import Fleet, Work
    from ...hosts.observer import Observer
    from ...operation import Result
    from ...recipe.context import StepContext

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try.

systemd refuses for 10 s what was started five times within 10 s (StartLimitBurst, StartLimitIntervalSec).
"""
LOST = ("disconnected", "lock_lost")
"""Kinds of failure after which nobody knows what a host serves."""


def put_back(fleet: Fleet, contexts: Iterable[StepContext], observer: Observer) -> list[HostFailure]:
    """Every host is flipped back, restarted and verified; answers the failures that stayed, for 15 s at least."""
    work: Work = {context.host: publish.flip_back(context) for context in contexts}
    failures = failures_of(work, fleet.each(work, resume=True, together=False))
    begun = time.monotonic()
    for pause in PAUSES:
        again = [failure.host for failure in failures if failure.result.kind not in LOST]
        if not again or time.monotonic() - begun >= sum(PAUSES):
            break
        observer.note("\n".join(f"{failure}; trying again" for failure in failures if failure.host in again))
        time.sleep(pause)
        tried = fleet.each({host: work[host] for host in again}, resume=True, together=False)
        failures = [one for one in failures if one.host not in again] + failures_of(work, tried)
    return failures


def failures_of(work: Work, results: Mapping[Host, Sequence[Result]]) -> list[HostFailure]:
    """The failure of every host that has one."""
    return [failure for host, found in results.items() if (failure := failure_of(host, work[host], found))]
