"""Vendored private dependencies: submodules under vendor/, whose gitlinks are the pins."""

from .changes import Change, changes, shown
from .dependency import Dependency, dependencies
from .finding import Finding
from .gate import Gate, gate, judged, not_shipped, obtained

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
