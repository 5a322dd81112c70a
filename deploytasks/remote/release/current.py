"""The release that a host serves: where `current` leads, however the link is written."""

from __future__ import annotations

import os


def served(root: str) -> str | None:
    """The id of the release that `current` leads to, whether or not that is there; None when it leads to none."""
    current, releases = os.path.join(root, "current"), os.path.join(root, "releases")
    if not os.path.islink(current):
        return None
    place, above = os.path.realpath(current), os.path.realpath(releases) + os.sep
    if place.startswith(above):
        return place[len(above) :].partition(os.sep)[0]
    return same_place(releases, place)


def same_place(releases: str, place: str) -> str | None:
    """The release whose directory is `place`, as when it is a link itself."""
    if not os.path.isdir(place) or not os.path.isdir(releases):
        return None
    found = (name for name in os.listdir(releases) if os.path.realpath(os.path.join(releases, name)) == place)
    return min(found, default=None)
