"""What became of vendored dependencies, in lines."""

from __future__ import annotations

from typing import Any

from .console import result, trouble


def updated(outcomes: Any, *, committed: bool) -> None:
    """What became of each vendored dependency, what its move brings, and the push that is left to do."""
    for one in outcomes:
        trouble(str(one)) if one.problem else result(str(one))
        for line in one.change.lines() if one.change else ():
            result(f"  {line}")
    if any(one.change for one in outcomes) and not any(one.problem for one in outcomes):
        result(
            "next: `git push`"
            if committed
            else "next: commit the moved pins (or use --commit), then `git push`"
        )
