"""The directories of a deployment: whether we can write them, others cannot, and what is in them can be run."""

from __future__ import annotations

import grp
import os
import pwd
import stat

from deploytasks.remote.files import existing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OWN = ("", "releases", "venvs", ".deploytasks")
"""Directories that are written in, below DEPLOY_PATH; those below .deploytasks are too."""


def places(root: str) -> dict[str, Any]:
    """What is wrong with the directories that exist, and with the file system that they are on."""
    found = list(directories(root))
    flags = {place: os.statvfs(place).f_flag for place in found}
    private = os.path.join(root, ".deploytasks")
    noexec = getattr(os, "ST_NOEXEC", 0)  # Linux has it
    return {
        "unwritable": [place for place in found if not os.access(place, os.W_OK | os.X_OK)],
        "read_only": [place for place in found if flags[place] & os.ST_RDONLY],
        "noexec": [place for place in found if flags[place] & noexec and not place.startswith(private)],
        "open": [place for place in (*above(root), *found) if is_open(place)],
    }


def directories(root: str) -> Iterator[str]:
    """The directories of a deployment that exist; where there is none yet, the one that it will be made in."""
    if not os.path.isdir(root):
        yield existing(root)
        return
    for name in OWN:
        place = os.path.join(root, name) if name else root
        if os.path.isdir(place):
            yield place
    private = os.path.join(root, ".deploytasks")
    if os.path.isdir(private) and os.access(private, os.R_OK | os.X_OK):
        yield from sorted(one.path for one in os.scandir(private) if one.is_dir(follow_symlinks=False))


def above(root: str) -> Iterator[str]:
    """The directories above the deployment, which is as safe as they are; of links the place they lead to."""
    place = os.path.realpath(root)
    while place != "/":
        place = os.path.dirname(place)
        yield place


def is_open(place: str) -> bool:
    """Whether every user of the host can put something else in the place of what is in a directory."""
    try:
        mode = os.stat(place).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def user_name() -> str:
    """The user's name, or number where the host has no entry for it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def group(name: str | None) -> str:
    """`missing` for a group that does not exist here, `foreign` for one to which this user may give no file, or ``."""
    if name is None:
        return ""
    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        return "missing"
    return "" if os.geteuid() == 0 or number in (os.getegid(), *os.getgroups()) else "foreign"
