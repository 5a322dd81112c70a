"""A report on a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from ..report import Report


def show(
    report: Report,
    *,
    as_json: bool,
    timings: bool = False,
    lines: Callable[[Report], list[str]] | None = None,
) -> int:
    """Print a report: the document, or its lines (default:
    the closing table), and the error with the last lines printed.
    """
    if report.error:
        for line in report.details:
            console.trouble(f"  {line}")
        console.trouble(report.error)
    if as_json:
        console.document(report.document())
    else:
        for line in (*(timing_lines(report) if timings else ()), *(lines or table)(report)):
            console.result(line)
    return report.exit_code


def table(report: Report) -> list[str]:
    """The closing table: what each host serves; below it the keys that the process environment gave."""
    width = max((len(host.host) for host in report.hosts), default=0)
    shown = [f"{host.host:<{width}}  {host.release or '-':<24}  {host.outcome}" for host in report.hosts]
    taken = ", ".join(report.from_process)
    return [*shown, *([f"from the process environment: {taken}"] if taken else [])]


def timing_lines(report: Report) -> list[str]:
    """Where the time went: each step on each host, working and waiting."""
    return [
        f"{step.step:<18}{step.host or 'here':<24}{step.seconds:8.3f} s  of which on the wire {step.waited:.3f} s"
        for step in report.steps
    ]
