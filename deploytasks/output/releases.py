"""The releases on the hosts and their history, in lines."""

from __future__ import annotations

from ..report import Report


def lines(report: Report) -> list[str]:
    """The releases and the last runs, for people."""
    shown = []
    for release in report.extra["releases"]:
        where = f"current on {', '.join(release['current_on'])}" if release["current_on"] else ""
        dirty = " dirty" if release["dirty"] else ""
        shown.append(
            f"{release['id']}  {release['state']:<7}{release['who'] or '?':<10} {release['describe'] or ''}{dirty}"
            f"  {where}".rstrip()
        )
    shown += ["", "history (newest last):"] if report.extra["history"] else []
    for entry in report.extra["history"][-20:]:
        shown.append(
            f"{entry['at']}  {entry.get('command', '?'):<12}{entry.get('outcome', '?'):<8}"
            f"{entry.get('release') or '-':<24} {entry.get('who', '?')}@{entry.get('from', '?')}"
            f" {entry.get('seconds', 0):.1f} s"
        )
    return shown or ["no release yet"]
