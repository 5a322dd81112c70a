"""The backups of an environment, in lines."""

from __future__ import annotations

from ..report import Report
from .status import since

UNITS = ("B", "kB", "MB", "GB", "TB")


def lines(report: Report) -> list[str]:
    """Release, size, age and place of each, with the line that would restore it."""
    shown = []
    for one in report.extra["backups"]:
        shown.append(f"{one['release']}  {size(one['bytes']):>9}  {since(one['age']):>14}  {one['file']}")
        shown += [f"    {one['restore']}"] if one["restore"] else []
    return shown or ["no backups"]


def size(count: float) -> str:
    """Bytes in the unit in which they are read most easily."""
    for unit in UNITS:
        if count < 1000 or unit == UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return ""
