"""A report as Markdown, for the job summary of a CI."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..report import Report
from .closing_table import closing_rows
from .released import facts, sections
from .visible import shown

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
MARKS = {True: "✅", False: "❌"}


def markdown(report: Report) -> str:
    """The whole report."""
    return "\n".join(lines(report)) + "\n"


def lines(report: Report) -> Iterator[str]:
    """Headline, facts, hosts, what changed, where the time went."""
    yield f"## {MARKS[report.error is None]} {plain(report.command)} {plain(report.environment)}"
    yield ""
    yield from (f"- **{name}**: {plain(value)}" for name, value in facts(report))
    if report.error:
        yield from ("", *quoted([*report.details, *report.error.splitlines()]))
    if report.hosts:
        yield from ("", "| host | release | outcome |", "|---|---|---|")
        for cells in closing_rows(report):
            yield f"| {' | '.join(map(plain, cells))} |"
    for heading, changed in sections(report):
        yield from ("", f"### {plain(heading)}", "", *(f"- {plain(line)}" for line in changed))
    if report.notes:
        yield from ("", "### Notes", "", *(f"- {plain(note)}" for note in report.notes))
    if report.steps:
        yield from ("", "### Steps", "", "| step | host | outcome | seconds |", "|---|---|---|--:|")
        for step in report.steps:
            yield f"| {plain(step.step)} | {plain(step.host or 'here')} | {step.outcome} | {step.seconds:.2f} |"


def quoted(text: list[str]) -> Iterator[str]:
    """Lines as they are, in a block that nothing in them can end."""
    longest = max((len(run) for line in text for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *map(shown, text), fence)


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(shown(text).split()))
