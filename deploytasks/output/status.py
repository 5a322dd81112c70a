"""What the hosts serve, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..hosts.lock import describe
from ..report import Report

UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def lines(report: Report, now: datetime | None = None) -> list[str]:
    """A line per host, for people."""
    moment = now or datetime.now(timezone.utc)
    return [line(host, moment) for host in report.extra["status"]]


def line(host: Mapping[str, Any], now: datetime) -> str:
    """What one host serves since when, with which pins, packages and settings; its room; what is odd about it."""
    if not host["release"]:
        parts = ["unknown" if host["problem"] else "no release"]
    else:
        parts = [f"{host['release']:<24}", *(word for word in (age(host["at"], now), host["who"]) if word)]
        parts += [f"{path.rpartition('/')[2]}@{commit[:7]}" for path, commit in host["vendored"].items()]
        parts += [f"packages {host['dependency_key'][:7]}"] if host["dependency_key"] else []
        parts += [f"settings {host['settings_fingerprint']}"] if host["settings_fingerprint"] else []
    parts += [f"{host['free_bytes'] / 1e9:.1f} GB free"] if not host["problem"] else []
    marks = [name for name in ("dirty", "bad") if host[name]]
    marks += [f"{len(host['edited'])} edited"] if host["edited"] else []
    marks += ["does not serve"] if host["serves"] is False else []
    marks += [".env edited"] if host["env_edited"] else []
    marks += [describe(host["lock"])] if host["lock"] else []
    return "  ".join([f"{host['host']:<24}", *parts, *marks])


def age(at: str | None, now: datetime) -> str:
    """How long ago a deploy began, roughly."""
    if not at:
        return ""
    try:
        return since((now - datetime.fromisoformat(at)).total_seconds())
    except (TypeError, ValueError):  # whatever stands on the host
        return ""


def since(seconds: float) -> str:
    """A time that has passed, roughly."""
    seconds = max(0.0, seconds)
    unit, size = next(((name, size) for name, size in UNITS if seconds >= size), UNITS[-1])
    return f"{seconds // size:.0f} {unit} ago"
