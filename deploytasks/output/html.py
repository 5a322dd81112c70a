"""A report as one HTML file that loads nothing: for a screen, a phone and paper, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from ..report import Report
from .closing_table import closing_rows
from .released import facts, outcome, sections
from .timeline import svg
from .visible import shown

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5c6675; --line: #dde2e9; --paper: #fff; --good: #1b7f4d;
  --bad: #c2362b; --in: #fff;
  --a: #3f78b3; --b: #6a5fb0; --c: #26818a; --d: #8a6a2b }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #343c48; --paper: #161a20;
  --good: #4cc38a; --bad: #ff7b6e; --in: #0c1117;
  --a: #6aa6e6; --b: #a79bf0; --c: #4fc0ca; --d: #d9b25f } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.outcome { font-weight: 600; margin: 0 0 1rem } .good { color: var(--good) } .bad { color: var(--bad) }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .15rem 1rem; margin: 0 }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 500 } td.number { text-align: right; font-variant-numeric: tabular-nums }
ul { list-style: none; margin: 0; padding: 0 }
li, pre { font: 13px/1.6 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; border-left: 3px solid var(--bad); padding-left: .75rem; margin: 1rem 0 }
.wide { overflow-x: auto } .timeline { display: block; width: 100%; min-width: 40rem }
.timeline text { fill: var(--ink); font: 12px system-ui, sans-serif } .timeline .mark { fill: var(--soft) }
.timeline .step { fill: var(--in); font-size: 11px } .timeline line { stroke: var(--line) }
.timeline .a { fill: var(--a) } .timeline .b { fill: var(--b) } .timeline .c { fill: var(--c) }
.timeline .d { fill: var(--d) } .timeline .bad { fill: var(--bad) }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .4rem } }
@media print { body { max-width: none; padding: 0; font-size: 11pt }
  .timeline { min-width: 0 } h2 { break-after: avoid } }
"""


def html(report: Report) -> str:
    """The whole page."""
    title = f"{report.command} {report.environment}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{told(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{''.join(body(report, title))}</body>\n</html>\n"
    )


def body(report: Report, title: str) -> Iterator[str]:
    """Headline, facts, what went wrong, hosts, the picture, what changed, steps."""
    good = report.error is None
    yield f"<h1>{told(title)}</h1>\n"
    yield f'<p class="outcome {"good" if good else "bad"}">{told(outcome(report))}</p>\n'
    pairs = (
        f"<dt>{told(name)}</dt><dd>{told(value)}</dd>" for name, value in facts(report) if name != "Outcome"
    )
    yield f"<dl>{''.join(pairs)}</dl>\n"
    if report.error:
        yield f"<pre>{told(chr(10).join((*report.details, report.error)))}</pre>\n"
    if report.hosts:
        yield "<h2>Hosts</h2>\n"
        yield table(("host", "release", "outcome"), closing_rows(report))
    if report.steps:
        yield f'<h2>Time-line</h2>\n<div class="wide">{svg(report)}</div>\n'
    for heading, lines in sections(report):
        yield from listed(heading, lines)
    if report.notes:
        yield from listed("Notes", report.notes)
    if report.steps:
        yield "<h2>Steps</h2>\n"
        yield table(
            ("step", "host", "outcome", "seconds"),
            ((one.step, one.host or "here", one.outcome, f"{one.seconds:.2f}") for one in report.steps),
        )


def listed(heading: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading and a list."""
    yield f"<h2>{told(heading)}</h2>\n<ul>{''.join(f'<li>{told(line)}</li>' for line in lines)}</ul>\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts; the last column of seconds is set as numbers."""
    columns = list(heads)
    kinds = [' class="number"' if head == "seconds" else "" for head in columns]
    shown = "".join(
        f"<tr>{''.join(f'<td{kind}>{told(cell)}</td>' for kind, cell in zip(kinds, cells, strict=True))}</tr>"
        for cells in rows
    )
    heading = "".join(f"<th>{told(head)}</th>" for head in columns)
    return f'<div class="wide"><table><tr>{heading}</tr>{shown}</table></div>\n'


def told(text: str) -> str:
    """Text of the outside as text of the page."""
    return escape(shown(text))
