"""Procfile: what a release can run, by name."""

from __future__ import annotations

import os
import re

from deploytasks.remote.failure import Failure

LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
SIMPLE = re.compile(r"((?:[A-Za-z_][A-Za-z0-9_]*=[^\s'\"\\`$]*[ \t]+)*)([A-Za-z0-9_/~$\"'][^;&|<>()`\n]*)")
"""Assignments, then one command: what `exec` can stand before."""
BUILT_IN = frozenset(
    ("exec", "cd", "export", "set", "unset", "eval", "trap", "ulimit", "umask", "if", "while")
)


def read(top: str) -> dict[str, str]:
    """{process: command} of the tree at `top`. Failure when it has no Procfile, or one with other lines."""
    try:
        with open(os.path.join(top, "Procfile"), encoding="utf-8") as stream:
            return parsed(stream.read())
    except (FileNotFoundError, UnicodeDecodeError) as error:
        what = "is no text" if isinstance(error, UnicodeDecodeError) else "is missing"
        raise Failure(
            "Procfile: %s; write what runs, e.g. web: gunicorn shop.wsgi --bind unix:$SOCKET" % what
        ) from None


def parsed(text: str) -> dict[str, str]:
    """{process: command}, in the order written."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise Failure("Procfile:%d: is no process; write name: command" % number)
        if match[1] in found:
            raise Failure(
                "Procfile:%d: %s stands twice; give each process a name of its own" % (number, match[1])
            )
        found[match[1]] = match[2]
    return found


def chosen(lines: dict[str, str], counts: dict[str, int]) -> dict[str, str]:
    """The lines of the processes that run. Failure for one that is not there, or that several could not listen for."""
    missing = [name for name in counts if name not in lines]
    if missing:
        raise Failure(
            "Procfile: has no process %s, which DEPLOY_PROCESSES names; it has %s"
            % (missing[0], ", ".join(lines) or "none")
        )
    shared = [name for name, count in counts.items() if count > 1 and listens(lines[name])]
    if shared:
        raise Failure(
            "DEPLOY_PROCESSES: %s listens on $SOCKET, which one process can; write it without a number and let it "
            "have workers of its own" % shared[0]
        )
    return {name: lines[name] for name in counts}


def listens(line: str) -> bool:
    """Whether a process is told $SOCKET."""
    return re.search(r"\$SOCKET\b|\$\{SOCKET\}", line) is not None


def listening(lines: dict[str, str]) -> list[str]:
    return [name for name, line in lines.items() if listens(line)]


def executed(line: str) -> str:
    """The line for a shell that its command takes the place of, where it is one command: so it gets the signals."""
    match = SIMPLE.fullmatch(line)
    if match is None or first_word(match[2]) in BUILT_IN or "=" in first_word(match[2]):
        return line
    return "%sexec %s" % (match[1], match[2])


def first_word(line: str) -> str:
    return line.split(None, 1)[0]
