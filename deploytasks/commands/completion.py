"""Tab completion: what may come next on a command line, and the scripts that tell the shells. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import UsageError

LISTS = frozenset(("limit", "skip", "name", "allow-missing"))
"""Options that take several values, with commas between."""
PROGRAMS = "deploytasks fab inv"

Values = Callable[[str, Sequence[str]], Sequence[str]]
"""Called with the name of an option (or `<task> <position>`) and the words before it: the values it may have."""


@dataclass(frozen=True)
class Command:
    """A task as the command line sees it."""

    flags: Mapping[str, str]
    """{flag as typed: the option's name where it takes a value, else an empty text}."""


def candidates(line: str, commands: Mapping[str, Command], core: Command, values: Values) -> list[str]:
    """Every word that may stand where the line ends; `line` begins with the program and may end within a word."""
    *words, current = words_of(line)
    task = next((word for word in reversed(words[1:]) if word in commands), None)
    command = commands[task] if task else core
    flag, equals, begun = current.partition("=")
    if current.startswith("-") and equals:
        return [f"{flag}={one}" for one in listed(command.flags.get(flag, ""), begun, words, values)]
    if current.startswith("-"):
        known = (
            f"{name}=" if name.startswith("--") and option else name for name, option in command.flags.items()
        )
        return sorted(one for one in known if one.startswith(current))
    option = command.flags.get(words[-1], "") if len(words) > 1 else ""
    if option:
        return listed(option, current, words, values)
    positional = listed(f"{task} {len(plain_words(words, task))}", current, words, values) if task else []
    return positional or sorted(name for name in commands if name.startswith(current))


def words_of(line: str) -> list[str]:
    """The words of a line as a shell takes them, the last one as far as it is typed; quotes may still be open."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if not words or (line[-1:].isspace() and not closing) else words
    return [""]


def plain_words(words: Sequence[str], task: str) -> list[str]:
    """The words behind a task that are no options."""
    behind = words[len(words) - list(reversed(words)).index(task) :]
    return [word for word in behind if not word.startswith("-")]


def listed(option: str, begun: str, words: Sequence[str], values: Values) -> list[str]:
    """The values that begin as typed; of a list only what is behind the last comma is completed."""
    before, comma, last = begun.rpartition(",") if option in LISTS else ("", "", begun)
    given = before.split(",")
    known = (one for one in values(option, words) if one.startswith(last) and one not in given)
    return [f"{before}{comma}{one}" for one in known] if option else []


def script(shell: str) -> str:
    """What a shell reads to complete `deploytasks`, `fab` and `inv`. Raises UsageError for another shell."""
    if shell not in SCRIPTS:
        raise UsageError(f"completion: {shell or 'no shell'} is not known; write {', '.join(SCRIPTS)}")
    return SCRIPTS[shell]


BASH = f"""\
_deploytasks() {{
    local line="${{COMP_LINE:0:COMP_POINT}}" current="${{COMP_WORDS[COMP_CWORD]}}" IFS=$'\\n'
    local word="${{line##*[[:space:]]}}"
    case "$current" in =|:|@) current="" ;; esac
    COMPREPLY=($(deploytasks --complete -- "$line" 2>/dev/null))
    COMPREPLY=("${{COMPREPLY[@]#"${{word%"$current"}}"}}")
    case "${{COMPREPLY[0]}}" in *=) compopt -o nospace ;; esac
}}
complete -o default -F _deploytasks {PROGRAMS}
"""
ZSH = f"""\
#compdef {PROGRAMS}
_deploytasks() {{
    local -a found
    found=(${{(f)"$(deploytasks --complete -- "${{(j: :)words[1,CURRENT]}}" 2>/dev/null)"}})
    if (( ${{#found}} )); then
        compadd -Q -S '' -- ${{(M)found:#*=}}
        compadd -Q -- ${{found:#*=}}
    else
        _files
    fi
}}
compdef _deploytasks {PROGRAMS}
"""
FISH = "".join(
    f"complete -c {program} -f -a '(deploytasks --complete -- (commandline -cp) 2>/dev/null)'\n"
    for program in PROGRAMS.split()
)
SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH}
