"""README's table, from what a run wrote: `python -m benchmarks.table FILE.json [PLOT.svg]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = """\
| what | seconds | bare rsync | ratio | goal |
|---|--:|--:|--:|---|"""
LISTED = "--list"


def markdown(document: dict[str, Any]) -> str:
    """A line for each case that has a floor or a goal, the noise of both sides beside the medians."""
    lines = [line(row) for row in document["rows"] if "ratio" in row or "waits" in row]
    return "\n".join([HEAD, *lines])


def line(row: dict[str, Any]) -> str:
    """One case; its floor is another for listings, and none for counts."""
    case = row["case"].removeprefix("peer: ")
    if "waits" in row:
        counts = "–".join(str(one) for one in sorted({min(row["waits"]), max(row["waits"])}))
        return f"| {case} | {row['seconds']:.2f} | | {counts} waits | {row['goal']}{mark(row['missed'])} |"
    goal = f"{row['goal']:.2f}{mark(row['verdict'] == 'MISSED')}" if row["goal"] else ""
    floor = f"{row['floor']:.2f} ±{row['floor_spread']:.0f} %"
    if case.endswith(LISTED):
        floor += " (one task)"
    memory = f", {row['megabytes']:.0f} MB" if row.get("memory_goal") else ""
    seconds = f"{row['seconds']:.2f} ±{row['spread']:.0f} %{memory}"
    return f"| {case} | {seconds} | {floor} | {row['ratio']:.2f} | {goal} |"


def mark(missed: bool) -> str:
    """What stands behind a goal."""
    return ", missed" if missed else ""


def main() -> None:
    """Print the table; draw the plot when it has a name."""
    document = json.loads(Path(sys.argv[1]).read_text())
    print(markdown(document))
    if len(sys.argv) > 2:
        from benchmarks.plot import draw

        draw(document, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
