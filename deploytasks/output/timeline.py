"""The time-line of a run as an SVG picture: a row per host, a bar per step, the seconds below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ..report import Report, StepOutcome
from .visible import shown

WIDTH, LABEL, ROW, BAR = 760, 190, 26, 16
"""Units of the picture; it is scaled to the page."""
MOST_ROWS = 40
"""Hosts that have a row: those that failed and the slowest, where there are more."""
NICE = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200)
"""Seconds between two marks of the axis."""
HERE = "here"
COLOURS = "abcd"
"""Classes that follow each other, so that steps can be told apart."""


def svg(report: Report) -> str:
    """The picture; an empty text for a run without steps. Colours are CSS variables of the page that holds it."""
    rows = rows_of(report.steps)
    if not rows:
        return ""
    first = min(step.began for _, steps in rows for step in steps)
    length = max(max(step.began + step.seconds for _, steps in rows for step in steps) - first, 0.001)
    height = ROW * (len(rows) + 1) + 8
    names = dict.fromkeys(step.step for step in report.steps)
    colours = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(names)}
    shown = "".join(
        part
        for number, (host, steps) in enumerate(rows)
        for part in row(host, steps, number, first, length, colours)
    )
    title = f"{report.command} {report.environment}: {length:.1f} seconds"
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{told(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{axis(length, height)}{shown}</svg>'
    )


def rows_of(steps: Sequence[StepOutcome]) -> list[tuple[str, list[StepOutcome]]]:
    """The steps by host, what was done here first; of many hosts the failed and the slowest."""
    found: dict[str, list[StepOutcome]] = {}
    for step in steps:
        found.setdefault(step.host or HERE, []).append(step)
    ranked = sorted((host for host in found if host != HERE), key=lambda host: rank(found[host]))
    kept = {HERE, *ranked[:MOST_ROWS]}
    return [(host, found[host]) for host in sorted(found, key=lambda host: host != HERE) if host in kept]


def rank(steps: Sequence[StepOutcome]) -> tuple[bool, float]:
    """Failed ones before slow ones before others."""
    return all(step.outcome == "ok" for step in steps), -sum(step.seconds for step in steps)


def row(
    host: str,
    steps: Sequence[StepOutcome],
    number: int,
    first: float,
    length: float,
    colours: Mapping[str, str],
) -> Iterator[str]:
    """The name of a host and its bars, each with what it was and how long it took."""
    top = number * ROW + 5
    yield f'<text class="name" x="{LABEL - 10}" y="{top + 12}" text-anchor="end">{told(shortened(host))}</text>'
    for step in steps:
        left = place(step.began - first, length)
        wide = max(place(step.began - first + step.seconds, length) - left, 1.5)
        kind = colours[step.step] if step.outcome == "ok" else "bad"
        name = told(f"{step.step} on {host}: {step.outcome}, {step.seconds:.2f} s")
        yield (
            f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{BAR}" rx="2">'
            f"<title>{name}</title></rect>"
        )
        if wide > 7 * len(step.step) + 8:
            yield f'<text class="step" x="{left + 5:.1f}" y="{top + 12}">{told(step.step)}</text>'


def axis(length: float, height: int) -> str:
    """Marks of seconds, at most eight of them."""
    between = next((nice for nice in NICE if length / nice <= 8), NICE[-1])
    marks = [between * number for number in range(int(length / between) + 1)]
    return "".join(
        f'<line x1="{place(at, length):.1f}" y1="0" x2="{place(at, length):.1f}" y2="{height - 18}"/>'
        f'<text class="mark" x="{place(at, length):.1f}" y="{height - 4}" text-anchor="middle">{at:g} s</text>'
        for at in marks
    )


def place(at: float, length: float) -> float:
    """Where a moment is, from the left."""
    return LABEL + (WIDTH - LABEL - 16) * at / length


def shortened(name: str, most: int = 26) -> str:
    """A name that fits before its row, its end kept."""
    return name if len(name) <= most else f"…{name[-most + 1 :]}"


def told(text: str) -> str:
    """Text of the outside as text of the picture."""
    return escape(shown(text))
