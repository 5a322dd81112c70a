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


def results(lines: Iterable[str]) -> None:
    """Several result lines."""
    for line in lines:
        result(line)
