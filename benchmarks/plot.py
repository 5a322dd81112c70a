"""The table as a picture: how many times as long as a bare rsync everything takes. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

mpl.use("svg")
from matplotlib import pyplot

OURS, THEIRS, GOAL = "#2f6f4f", "#9aa0a6", "#c0392b"


def draw(document: dict[str, Any], file: Path) -> None:
    """Write a bar for every case that has a ratio; the goal is a mark on it."""
    rows = [row for row in document["rows"] if "ratio" in row and not row["case"].endswith("--list")]
    rows = [row for row in rows if row["goal"] or row["case"].startswith("peer: ")][::-1]
    figure, axes = pyplot.subplots(figsize=(8, 0.45 * len(rows) + 1))
    colours = [THEIRS if row["case"].startswith("peer: ") else OURS for row in rows]
    names = [row["case"].removeprefix("peer: ") for row in rows]
    axes.barh(names, [row["ratio"] for row in rows], color=colours)
    for place, row in enumerate(rows):
        right = max(row["ratio"], row["goal"] or 0)
        axes.text(right, place, f"  {row['ratio']:.2f}", va="center", fontsize=8)
        if row["goal"]:
            axes.plot([row["goal"]] * 2, [place - 0.4, place + 0.4], color=GOAL, linewidth=1.5)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("times as long as bare rsync (red: the goal)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    mpl.rcParams["svg.hashsalt"] = "deploytasks"
    figure.savefig(file, metadata={"Date": None})
