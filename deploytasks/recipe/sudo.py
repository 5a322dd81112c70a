"""What a shell line asks sudo for, as far as it can be read without running it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .restart import restart_lines

if TYPE_CHECKING:
    from ..config.environment import Host
    from ..config.settings import Settings

SEPARATORS = re.compile(r"[();<>|&]+")
LONGEST = 10_000
"""Characters of a line that is read: the time that shlex takes grows with their square."""
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
WITH_VALUE = frozenset(("-u", "--user", "-g", "--group", "-h", "-p", "-C", "-D", "-R", "-T", "-r", "-t"))
USER = re.compile(r"(?:-u|--user=)(.+)")
SHELLS = frozenset(("-i", "-s", "--login", "--shell"))
KEEPS_ENVIRONMENT = re.compile(r"-E|--preserve-env(=.*)?")


@dataclass(frozen=True)
class SudoCommand:
    """One command that is run by sudo, as which user."""

    words: tuple[str, ...]
    user: str = "root"
    setenv: bool = False

    @property
    def readable(self) -> bool:
        """Whether the words are those that sudo will get: nothing in them is for the shell to replace."""
        return bool(self.words) and not any(set(word) & set("$`*?~") for word in self.words)

    def document(self) -> dict[str, Any]:
        """For the agent."""
        return asdict(self)


def wanted(settings: Settings, host: Host) -> tuple[tuple[str, SudoCommand], ...]:
    """(key, command) of everything that the settings of a host give sudo."""
    lines = [("DEPLOY_POSTINSTALL", settings.postinstall)]
    lines += [("DEPLOY_MIGRATE", settings.migrate)] if host.primary else []
    lines += [("DEPLOY_RESTART", line) for _, line in restart_lines(settings, host)]
    return tuple((key, one) for key, line in lines if line for one in sudo_commands(line))


def sudo_commands(line: str) -> tuple[SudoCommand, ...]:
    """Every command of a shell line that begins with sudo; none when the line cannot be split."""
    if "sudo" not in line or len(line) > LONGEST:
        return ()
    try:
        parts = list(simple_commands(line))
    except ValueError:
        return ()
    return tuple(parsed(words[1:]) for words in parts if words and words[0].rpartition("/")[2] == "sudo")


def simple_commands(line: str) -> Iterator[list[str]]:
    """The words of each simple command, less leading assignments and redirections."""
    lexer = shlex.shlex(line.replace("\n", ";"), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    redirected = False
    for token in lexer:
        if SEPARATORS.fullmatch(token) and set(token) & set("<>"):
            redirected = True
            if words and words[-1].isdigit():
                words.pop()
        elif SEPARATORS.fullmatch(token):
            yield words
            words, redirected = [], False
        elif redirected:
            redirected = False
        elif words or not ASSIGNMENT.match(token):
            words.append(token)
    yield words


def parsed(words: Sequence[str]) -> SudoCommand:
    """sudo's own options taken off; what a shell of its own (-i, -s) would be given cannot be read."""
    user, setenv, rest = "root", False, list(words)
    while rest and (rest[0].startswith("-") or ASSIGNMENT.match(rest[0])):
        word = rest.pop(0)
        if word == "--":
            break
        if word in SHELLS:
            return SudoCommand((), user)
        setenv = setenv or bool(ASSIGNMENT.match(word) or KEEPS_ENVIRONMENT.fullmatch(word))
        if word in WITH_VALUE and rest:
            value = rest.pop(0)
            user = value if word in ("-u", "--user") else user
        elif named := USER.fullmatch(word):
            user = named[1]
    return SudoCommand(tuple(rest), user, setenv)
