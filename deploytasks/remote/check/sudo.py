"""Whether this user may run commands by sudo without being asked for a password, and the rule that lets it."""

from __future__ import annotations

import os
import shutil
import subprocess

from deploytasks.remote.check.places import user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SPECIAL = ",:=*?[]!^#"
SECONDS = 10
"""How long sudo may take to answer; it may have to ask a directory service."""


def rules(wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each of `wanted` ({"user", "words", "setenv"}): the sudoers line it needs, and whether there is a rule."""
    sudo, user = shutil.which("sudo"), user_name()
    return [
        {"installed": bool(sudo), "allowed": sudo is not None and allowed(sudo, one), "line": line(user, one)}
        for one in wanted
    ]


def allowed(sudo: str, one: dict[str, Any]) -> bool | None:
    """Whether sudo itself says that the command may be run; it is not run. None when it does not say."""
    try:
        done = subprocess.run(
            [sudo, "-n", "-u", one["user"], "-l", "--", *one["words"]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode == 0


def line(user: str, one: dict[str, Any]) -> str:
    """The line for /etc/sudoers.d that allows exactly this command, with exactly these arguments."""
    program, arguments = one["words"][0], one["words"][1:]
    path = program if "/" in program else shutil.which(program) or os.path.join("/usr/bin", program)
    tags = "NOPASSWD:SETENV:" if one["setenv"] else "NOPASSWD:"
    given = " ".join(escaped(word) for word in arguments) or '""'
    return "%s ALL=(%s) %s %s %s" % (user, one["user"], tags, escaped(path), given)


def escaped(word: str) -> str:
    """A word as sudoers takes it literally; a backslash is read twice, as its syntax and as a pattern."""
    return "".join("\\" + one if one in SPECIAL else one * 4 if one == "\\" else one for one in word)
