"""Values written so that python-dotenv, bash and dash read the same text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ConfigurationError
from .dotenv import NAME

CONTROL = re.compile(r"[\x00\r]|[\ud800-\udfff]")
OWNED_BY_BASH = re.compile(
    "BASHOPTS|BASHPID|BASH_COMMAND|BASH_SUBSHELL|BASH_VERSINFO|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|EUID"
    "|FUNCNAME|GROUPS|HISTCMD|LINENO|PPID|RANDOM|SECONDS|SHELLOPTS|SRANDOM|UID|_"
)
"""Names that bash sets itself or does not let anybody set."""


def canonical(variables: Mapping[str, str]) -> str:
    """The text of a `.env` that python-dotenv, bash and dash read alike.

    Raises ConfigurationError naming every key whose value cannot be written so.
    """
    checked = ((name, unwritable(name, value)) for name, value in sorted(variables.items()))
    problems = [f"{name}: {why}" for name, why in checked if why]
    if problems:
        raise ConfigurationError(problems)
    return "".join(f"{name}={quoted(value)}\n" for name, value in sorted(variables.items()))


def quoted(value: str) -> str:
    """The value in the quotes that all three readers take the same way."""
    if in_single_quotes(value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_single_quotes(value: str) -> bool:
    """python-dotenv reads escapes and `${…}` in single quotes too, and its older versions `\\'` as no end."""
    return not any(mark in value for mark in ("'", "\\\\", "${")) and not value.endswith("\\")


def in_double_quotes(value: str) -> bool:
    """The shells replace `$` and backticks; python-dotenv knows no way to write them otherwise."""
    return not any(mark in value for mark in ("$", "`")) and not value.endswith("\\")


def unwritable(name: str, value: str) -> str | None:
    """Why a key cannot stand in a `.env` that all three readers take alike; None when it can."""
    if not NAME.fullmatch(name):
        return "is no name that a shell can set; use letters, digits and _, and no digit first"
    if OWNED_BY_BASH.fullmatch(name):
        return "is a variable of bash itself, which does not take it from a file; choose another name"
    if CONTROL.search(value):
        return "holds a NUL, a carriage return or no UTF-8, which no .env can; encode it, e.g. as base64"
    if in_single_quotes(value) or in_double_quotes(value):
        return None
    return (
        "holds quotes, backslashes and `$` in a mix that python-dotenv, bash and dash read differently; "
        "encode it, e.g. as base64, or choose another value"
    )
