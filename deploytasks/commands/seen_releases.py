"""The releases that commands have seen on hosts, kept here for completion; nothing is decided by them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ..cache import cache_root
from ..recipe.release import is_release_id
from ..report import Report

KEPT = 50


def remember(process: Mapping[str, str], root: Path, report: Report) -> None:
    """Keep the releases that a report names; trouble with the cache changes nothing."""
    listed = (str(one.get("id")) for one in report.extra.get("releases", ()))
    found = {report.release, *(host.release for host in report.hosts), *listed}
    ids = {one for one in found if one and is_release_id(one)}
    file = place(process, root, report.environment)
    if ids - {*seen(process, root, report.environment)}:
        with suppress(OSError):
            file.parent.mkdir(0o700, parents=True, exist_ok=True)
            file.write_text("\n".join(newest({*ids, *seen(process, root, report.environment)})), "ascii")


def seen(process: Mapping[str, str], root: Path, environment: str) -> list[str]:
    """The releases that were seen, newest first."""
    try:
        return newest(place(process, root, environment).read_text("ascii").splitlines())
    except (OSError, ValueError):
        return []


def newest(ids: Iterable[str]) -> list[str]:
    return sorted(filter(is_release_id, ids), reverse=True)[:KEPT]


def place(process: Mapping[str, str], root: Path, environment: str) -> Path:
    """The file for an environment of a project."""
    project = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_root(process) / "releases" / f"{project}-{environment}"
