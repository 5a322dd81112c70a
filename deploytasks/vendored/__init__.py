"""The submodules under vendor/: their pins, what is wrong with them, how they move."""

from __future__ import annotations

from .changes import Change, changes, shown
from .dependency import Dependency
from .fetch import obtained
from .finding import Finding
from .gate import Gate, gate, judged, not_shipped
from .reading import dependencies

__all__ = [
    "Change",
    "Dependency",
    "Finding",
    "Gate",
    "changes",
    "dependencies",
    "gate",
    "judged",
    "not_shipped",
    "obtained",
    "shown",
]
