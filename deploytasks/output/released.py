"""What a report tells of what was released, as headed lists: the same for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import PENDING
from ..report import Report

KINDS = (("added", "+"), ("changed", "~"), ("deleted", "-"), ("removed", "-"))


def sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """(heading, lines) of everything that is known to have changed; the same for all hosts once."""
    seen = set()
    for one in (report.extra.get("released"), *report.extra.get("plan", ())):
        for heading, lines in changes(one or {}):
            key = (heading, *lines)
            if lines and key not in seen:
                seen.add(key)
                yield heading, lines


def changes(one: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What came to one host, or to all of them."""
    commits = one.get("commits") or {}
    yield "Commits", [*signed("+", commits.get("added", ())), *signed("-", commits.get("removed", ()))]
    for change in one.get("vendored", ()):
        heading = f"In {change['path']}"
        yield heading, [*signed("+", change.get("added", ())), *signed("-", change.get("removed", ()))]
    if one.get("dependencies"):
        yield "Packages", [str(one["dependencies"])]
    yield "Settings", listed(one.get("environment") or {})
    yield "Migrations", [str(line) for line in one.get("migrations", ())]
    files = one.get("files") or {}
    yield "Files", [f"{len(files[kind])} {kind}" for kind, _ in KINDS if files.get(kind)]


def listed(names: Mapping[str, Sequence[str]]) -> list[str]:
    """Names by what became of them."""
    return [f"{sign} {name}" for kind, sign in KINDS for name in names.get(kind, ())]


def signed(sign: str, lines: Sequence[str]) -> list[str]:
    return [f"{sign} {line}" for line in lines]


def outcome(report: Report) -> str:
    """How it ended, in words."""
    word = "changes pending" if report.exit_code == PENDING else report.outcome
    return f"{word}, exit code {report.exit_code}"


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """(name, value) of what the run was."""
    yield "Environment", report.environment
    yield "Revision", report.revision or "-"
    yield "Release", report.release or "-"
    yield "Outcome", outcome(report)
    ends = [step.began + step.seconds for step in report.steps]
    if ends:
        yield "Time", f"{max(ends) - min(step.began for step in report.steps):.1f} s"
    if report.from_process:
        yield "From the process environment", ", ".join(report.from_process)
