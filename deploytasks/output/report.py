"""A report on a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import console
from .closing_table import closing_rows

if TYPE_CHECKING:
    from ..report import Report


def show(
    report: Report,
    *,
    as_json: bool,
    timings: bool = False,
    lines: Callable[[Report], list[str]] | None = None,
    file: str = "",
) -> int:
    """Print a report: the document, or its lines (default:
    the closing table), and the error with the last lines printed; write it to `file`, where one is named.
    """
    if file:
        from .report_file import write

        if problem := write(file, report):
            console.trouble(problem)
    if report.error:
        for line in report.details:
            console.trouble(f"  {line}")
        console.trouble(report.error)
    if as_json:
        return console.document(report.document(), report.exit_code)
    for line in (*(timing_lines(report) if timings else ()), *(lines or table)(report)):
        console.result(line)
    return report.exit_code


def table(report: Report) -> list[str]:
    """The closing table: what each host serves; below it the keys that the process environment gave."""
    rows = closing_rows(report)
    width = max((len(name) for name, _, _ in rows), default=0)
    shown = [f"{name:<{width}}  {release:<24}  {outcome}" for name, release, outcome in rows]
    taken = ", ".join(report.from_process)
    return [*shown, *([f"from the process environment: {taken}"] if taken else [])]


def timing_lines(report: Report) -> list[str]:
    """Where the time went: each step on each host, working and waiting."""
    return [
        f"{step.step:<18}{step.host or 'here':<24}{step.seconds:8.3f} s  of which on the wire {step.waited:.3f} s"
        for step in report.steps
    ]
