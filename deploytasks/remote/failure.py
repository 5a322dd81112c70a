"""The one exception that an operation raises for a failure it can explain; and what the system's own say."""

from __future__ import annotations


class Failure(Exception):
    """`message` reads `<what is wrong>; <next move>`; `kind` is what the control side decides on, never the text."""

    def __init__(self, message: str, kind: str = "failed") -> None:
        super().__init__(message)
        self.kind = kind


def of_system(error: OSError) -> str:
    """What an OSError says, and of which file."""
    return "%s%s" % (error.strerror or error, " (%s)" % error.filename if error.filename else "")
