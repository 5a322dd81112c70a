"""All printing: results on stdout, trouble and progress on stderr. That it fails changes nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from ..errors import OK, UNWRITTEN, worst
from ..urls import public_data
from .stream import Stream
from .visible import shown

OUT, ERR = Stream("stdout"), Stream("stderr")


def result(text: str) -> None:
    """Print a result line on stdout."""
    OUT.write(f"{shown(text)}\n")


def trouble(text: str) -> None:
    """Print an error, a warning or progress on stderr."""
    ERR.write(f"{shown(text)}\n")


def document(data: Any, code: int = OK) -> int:
    """Print one JSON document on stdout, the only thing that a `--json` run prints there.

    Answers `code`, or where that tells of no failure and the document could not be written whole, UNWRITTEN.
    """
    if OUT.write(f"{json.dumps(public_data(data), indent=2)}\n"):
        return code
    trouble("stdout: the document could not be written; see that what reads it reads to the end, or has room")
    return worst((code, UNWRITTEN))


def results(lines: Iterable[str]) -> None:
    """Several result lines."""
    for line in lines:
        result(line)


def answers() -> bool:
    """Whether there is a terminal to answer on."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> bool | None:
    """Whether the question is answered with yes; None when there is no terminal to answer on."""
    if not answers():
        return None
    ERR.write(f"{shown(question)} [y/N] ")
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except (OSError, ValueError):  # the terminal is gone, or said what is no text
        return False
