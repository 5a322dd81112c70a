"""Printer: an Observer for commands whose output is the result:
lines on stdout, each with its host when there are several.
"""

from __future__ import annotations

from ..hosts.observer import Silent
from . import console


class Printer(Silent):
    """Prints what the hosts print."""

    def line(self, step: str, host: str, text: str) -> None:
        console.result(f"{host}: {text}")
