"""All printing: results on stdout, trouble and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any


def result(text: str) -> None:
    """Print a result line on stdout."""
    print(text, file=sys.stdout, flush=True)


def trouble(text: str) -> None:
    """Print an error, a warning or progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def document(data: Any) -> None:
    """Print one JSON document on stdout; the only thing a `--json` run prints there."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


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


def results(lines: Iterable[str]) -> None:
    """Several result lines."""
    for line in lines:
        result(line)
