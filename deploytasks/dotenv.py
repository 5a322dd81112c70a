"""Strict reading and canonical writing of dotenv files, on python-dotenv's own parser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Literal, parse_variables

from .errors import ConfigurationError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SWALLOWED = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=(?=[^=\s])", re.MULTILINE)
CONTROL = re.compile(r"[\x00\r]|[\ud800-\udfff]")


@dataclass(frozen=True)
class Line:
    """One key of one file; `raw` is its value before `${…}` is replaced."""

    name: str
    raw: str
    source: str
    number: int


@dataclass(frozen=True)
class Layer:
    """What one file says, and everything wrong with it (`file:line: what; cure`, never a value)."""

    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()


def read(data: bytes, source: str) -> Layer:
    """Parse the bytes of one dotenv file, named `source` in problems."""
    problems = list(byte_problems(data, source))
    if problems:
        return Layer((), tuple(problems))
    lines: list[Line] = []
    first: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(data.decode("utf-8"))):
        problem = binding_problem(binding)
        number = binding.original.line
        if problem:
            problems.append(f"{source}:{number}: {problem}")
        if binding.error or binding.key is None or binding.value is None:
            continue
        if binding.key in first:
            problems.append(f"{source}:{number}: {binding.key} stands in line {first[binding.key]} already; keep one of them")
        first.setdefault(binding.key, number)
        lines.append(Line(binding.key, binding.value, source, number))
    return Layer(tuple(lines), tuple(problems))


def byte_problems(data: bytes, source: str) -> Iterator[str]:
    """What makes a file unreadable for some of its readers."""
    if data.startswith(b"\xef\xbb\xbf"):
        yield f"{source}:1: begins with a byte order mark; save it as UTF-8 without BOM"
    for byte, what in ((b"\r", "a carriage return; save it with Unix line ends"), (b"\0", "a NUL byte; remove it")):
        if byte in data:
            yield f"{source}:{line_of(data, data.index(byte))}: has {what}"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{source}:{line_of(data, error.start)}: is not UTF-8; save it as UTF-8"


def line_of(data: bytes, position: int) -> int:
    """The 1-based line of a byte."""
    return data.count(b"\n", 0, position) + 1


def binding_problem(binding: Binding) -> str | None:
    """What is wrong with one binding, without its value."""
    text = binding.original.string
    if binding.error:
        swallowed = SWALLOWED.findall(text.partition("\n")[2])
        lost = f", and with it {', '.join(swallowed)}" if swallowed else ""
        return f"cannot be read{lost}; close the quote, or put the value in single quotes"
    if binding.key is None:
        return None
    if binding.value is None:
        return f"{binding.key} has no `=`; write {binding.key}= for an empty value"
    if not NAME.fullmatch(binding.key):
        return f"{binding.key!r} is no name; use letters, digits and _, not beginning with a digit"
    swallowed = SWALLOWED.findall(binding.value.partition("\n")[2])
    if swallowed:
        return f"the quote of {binding.key} swallows {', '.join(swallowed)}; close it in its own line"
    return None


def interpolate(line: Line, known: Mapping[str, str], later: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """The value with `${X}` and `${X:-default}` replaced from `known`, and what is wrong with its references."""
    parts, problems = [], []
    where = f"{line.source}:{line.number}: {line.name}"
    for atom in parse_variables(line.raw):
        if isinstance(atom, Literal):
            parts.append(atom.value)
            continue
        name, default = atom.name, atom.default
        if name not in known and default is None:
            why = "is cyclic or defined later; put it before" if name in later else "is not defined; define it before"
            problems.append(f"{where} refers to {name}, which {why}")
        parts.append(known.get(name, default or ""))
    return "".join(parts), tuple(problems)


def canonical(variables: Mapping[str, str]) -> str:
    """The text of a `.env` that python-dotenv, bash and dash read alike.

    Raises ConfigurationError naming every key whose value cannot be written so.
    """
    problems = [f"{name}: {why}" for name, value in sorted(variables.items()) if (why := unwritable(value))]
    if problems:
        raise ConfigurationError(problems)
    return "".join(f"{name}={quoted(value)}\n" for name, value in sorted(variables.items()))


def quoted(value: str) -> str:
    """The value in the quotes that all three readers take the same way."""
    return f"'{value}'" if in_single_quotes(value) else f'"{value}"'


def in_single_quotes(value: str) -> bool:
    return not any(mark in value for mark in ("'", "\\", "${"))


def unwritable(value: str) -> str | None:
    """Why no quoting makes the three readers agree on a value, or None."""
    if CONTROL.search(value):
        return "holds a NUL, a carriage return or bytes that are not UTF-8, which no .env can; encode it, e.g. as base64"
    if in_single_quotes(value) or not any(mark in value for mark in '$`\\"!'):
        return None
    return ("mixes a single quote, backslash or ${ with one of $ ` \\ \" !, which python-dotenv, bash and dash read "
            "differently; encode it, e.g. as base64, or choose another value")
