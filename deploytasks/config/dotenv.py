"""dotenv files: lines with their names and texts, and every problem with its place."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Atom, Literal, Variable, parse_variables

from .secret import named_secret

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGNMENT = re.compile(r"(?<![A-Z0-9_])(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)[ \t]*=")
SWALLOWED = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=(?=[^=\s])", re.MULTILINE)


NO_NAME = "what stands before `=` is no name; use letters, digits and _, and no digit first"
BAD_BYTES = {b"\r": "has a carriage return; save it with Unix line ends", b"\0": "has a NUL byte; remove it"}
NO_EQUALS = "has no `=`; write NAME=value, NAME= for an empty value, and a value of several lines in quotes"


@dataclass(frozen=True)
class Line:
    """One key of one layer; `raw` is its value before `${…}` is replaced."""

    name: str
    raw: str
    source: str
    number: int | None = None
    literal: bool = False
    """`${` in it means nothing."""

    @property
    def where(self) -> str:
        return self.source if self.number is None else f"{self.source}:{self.number}"

    @property
    def references(self) -> tuple[str, ...]:
        """The names that it refers to and gives no default for."""
        return () if self.literal else references(self.raw)

    @property
    def mentions(self) -> tuple[str, ...]:
        """The names of all that python-dotenv would replace in it."""
        parts = () if self.literal else atoms(self.raw)
        return tuple(atom.name for atom in parts if isinstance(atom, Variable))


@dataclass(frozen=True)
class Layer:
    """What one file says, and everything wrong with it (`file:line: what; cure`, never a value)."""

    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()
    """Names that are written in the file and could not be read, so that nobody need call them missing too."""


def read(data: bytes, source: str) -> Layer:
    """Parse the bytes of one dotenv file, named `source` in problems."""
    problems, warnings = list(byte_problems(data, source)), []
    lost: set[str] = set()
    lines: dict[str, Line] = {}
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\0", "").replace("\r", "")
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string.lstrip()
        number = binding.original.line + binding.original.string[: -len(written) or None].count("\n")
        problem = binding_problem(binding, written) or repeated(binding, lines)
        if problem:
            problems.append(f"{source}:{number}: {problem}")
            lost.update(ASSIGNMENT.findall(written))
        elif binding.key and binding.value is not None:
            lines[binding.key] = Line(binding.key, binding.value, source, number)
            if cut_short(binding.key, written):
                warnings.append(
                    f"{source}:{number}: {binding.key} ends before ` #`; quote it if that is part of it"
                )
    return Layer(tuple(lines.values()), tuple(problems), tuple(warnings), frozenset(lost))


def byte_problems(data: bytes, source: str) -> Iterator[str]:
    """What makes a file unreadable for some of its readers."""
    if data.startswith(b"\xef\xbb\xbf"):
        yield f"{source}:1: begins with a byte order mark; save it as UTF-8 without BOM"
    for byte, what in BAD_BYTES.items():
        if byte in data:
            yield f"{source}:{line_of(data, data.index(byte))}: {what}"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{source}:{line_of(data, error.start)}: is not UTF-8; save it as UTF-8"


def line_of(data: bytes, position: int) -> int:
    """The 1-based line of a byte."""
    return data.count(b"\n", 0, position) + 1


def binding_problem(binding: Binding, written: str) -> str | None:
    """What is wrong with one binding. What is no name is not repeated: it may be part of a value."""
    if binding.key is None and not binding.error:
        return None
    if binding.value is None and (binding.key is not None or "=" not in written):
        return NO_EQUALS
    if binding.error:
        before, equals, _ = written.partition("\n")[0].removeprefix("export ").partition("=")
        if equals and re.fullmatch(r"[\w.-]+[ \t]+[\w .\t-]*", before):
            return NO_NAME
        swallowed = SWALLOWED.findall(written.partition("\n")[2])
        lost = f", and with it {', '.join(swallowed)}" if swallowed else ""
        name = "".join(f"{name} " for name in ASSIGNMENT.findall(written)[:1] if written.startswith(name))
        return f"{name}cannot be read{lost}; close the quote, and write nothing behind it"
    if not NAME.fullmatch(binding.key or ""):
        return NO_NAME
    swallowed = SWALLOWED.findall((binding.value or "").partition("\n")[2])
    if swallowed:
        return f"the quote of {binding.key} swallows {', '.join(swallowed)}; close it in its own line"
    return None


def repeated(binding: Binding, lines: Mapping[str, Line]) -> str | None:
    """Whether a binding's key stood in the file before."""
    if binding.key is None or binding.key not in lines:
        return None
    return f"{binding.key} stands in line {lines[binding.key].number} already; keep one of them"


def cut_short(name: str, written: str) -> bool:
    """Whether python-dotenv takes the end of an unquoted secret for a comment."""
    value = written.partition("=")[2].strip()
    return named_secret(name) and not value.startswith(("'", '"', "#")) and bool(re.search(r"\s#", value))


def atoms(raw: str) -> Iterator[Atom]:
    """The parts of a value as python-dotenv tells them, which looks for the `}` of each `${` to the very end."""
    end = raw.rfind("}") + 1
    yield from parse_variables(raw[:end])
    if raw[end:]:
        yield Literal(raw[end:])


def expand(raw: str, known: Mapping[str, str]) -> str:
    """`raw` with `${X}` and `${X:-default}` replaced as python-dotenv does; the unknown becomes empty."""
    return "".join(atom.resolve(known) for atom in atoms(raw))


def references(raw: str) -> tuple[str, ...]:
    """The names that `raw` refers to and gives no default for."""
    return tuple(atom.name for atom in atoms(raw) if isinstance(atom, Variable) and atom.default is None)


def is_cyclic(name: str, raws: Mapping[str, str]) -> bool:
    """Whether the references of the key `name` lead back to it; `raws` are the values of one file."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        for reference in references(raws.get(ahead.pop(), "")):
            if reference == name:
                return True
            if reference not in seen:
                seen.add(reference)
                ahead.append(reference)
    return False
