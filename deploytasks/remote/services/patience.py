"""When to ask a service again: decided from what it said and when, without a clock."""

from __future__ import annotations

import random

from deploytasks.remote.services import verdict

SIGHTINGS, CONFIRM_SECONDS = 3, 5.0
"""What may be for ever is believed after so many sightings over so many seconds."""
APART = 1.0
"""Seconds between the two successes that make a service ready."""
SOON, GROWTH, FAST, SLOW = 0.05, 1.6, 0.4, 5.0
"""Seconds between attempts: the first, its growth, and the longest of a service that is down or starting, or busy."""


class Patience:
    """`fresh` services may lack their database and users until the deadline; `once` allows one attempt."""

    def __init__(self, timeout: float, fresh: bool = False, once: bool = False) -> None:
        self.timeout, self.fresh, self.once = timeout, fresh, once
        self.successes: dict[
            str, float
        ] = {}  # of each server, the first: behind a balancer there may be several
        self.suspect: list[float] = []
        self.pause = SOON

    def saw(self, server: str, ago: float) -> None:
        """Count a success of `ago` seconds before the beginning."""
        self.successes[server] = -ago

    def after(self, attempt: verdict.Attempt, now: float) -> float | None:
        """Seconds to wait before the next attempt, None when this was the last one. `now` counts from the beginning."""
        if self.once or attempt.kind in (verdict.UNTRIED, verdict.PERMANENT):
            return None
        if attempt.kind == verdict.READY:
            return self._until_second(attempt.server, now)
        self.successes = {}
        self.suspect = [*self.suspect, now] if attempt.kind == verdict.SUSPECT else []
        self.pause = min(self.pause * GROWTH, SLOW if attempt.busy else FAST)
        if self._sure() or now + self.pause >= self.timeout:
            return None
        return self.pause * random.uniform(0.8, 1.0)

    def _until_second(self, server: str | None, now: float) -> float | None:
        if server is None:
            return None
        left = self.successes.setdefault(server, now) + APART - now
        return left if left > 0 else None

    def _sure(self) -> bool:
        seen = self.suspect
        return len(seen) >= SIGHTINGS and seen[-1] - seen[0] >= CONFIRM_SECONDS and not self.fresh
