"""Release ids: their order, which to prune, where to roll back. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

STAMP = "%Y%m%d%H%M%S"
RELEASE_ID = re.compile(r"(\d{14})-([0-9a-f]{7})")
LAST_YEAR = 9000
"""Beyond this a clock is not wrong, but a name made up."""


@dataclass(frozen=True, order=True)
class Release:
    """One release as a host knows it. `good` means verified and not marked bad."""

    id: str
    good: bool = False
    bad: bool = False


def is_release_id(name: str) -> bool:
    """Whether `name` is an id this tool gives; foreign names in releases/ are left alone."""
    return moment_of(name) is not None


def moment_of(name: str) -> datetime | None:
    """When the release of that id was made; None for a name that is none, or that no later one could follow."""
    match = RELEASE_ID.fullmatch(name)
    try:
        moment = datetime.strptime(match[1], STAMP).replace(tzinfo=timezone.utc) if match else None
    except ValueError:
        return None
    return moment if moment and moment.year < LAST_YEAR else None


def next_id(revision: str, now: datetime, existing: Iterable[str]) -> str:
    """`yyyymmddHHMMSS-<7 of revision>`: the later of `now` (UTC) and one second after the newest id on any host.

    No clock can break the order, because ids already given win over it.
    """
    moment = now.astimezone(timezone.utc).replace(microsecond=0)
    known = [found for found in map(moment_of, existing) if found]
    if known:
        moment = max(moment, max(known) + timedelta(seconds=1))
    return f"{moment.strftime(STAMP)}-{revision[:7]}"


def to_prune(releases: Collection[Release], current: str | None, keep: int) -> tuple[str, ...]:
    """Ids to retire, oldest first: good ones beyond the newest `keep` (current counts and always stays),
    and failed ones.

    A release that is newer than current and not yet good is left alone only if it is current itself.
    """
    kept = {current} if current else set()
    for release in sorted(releases, reverse=True):
        if release.good and not release.bad and len(kept) < max(keep, 1):
            kept.add(release.id)
    return tuple(release.id for release in sorted(releases) if release.id not in kept)


def rollback_target(releases: Collection[Release], current: str | None) -> str | None:
    """The newest good release older than `current`; when current is missing or dangles, the newest good one."""
    known = {release.id for release in releases}
    good = [
        release.id
        for release in sorted(releases)
        if release.good and not release.bad and release.id != current
    ]
    if current is None or current not in known:
        return good[-1] if good else None
    older = [release_id for release_id in good if release_id < current]
    return older[-1] if older else None
