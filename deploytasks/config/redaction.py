"""Redaction: secrets in any text are replaced by the names of their keys."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .secret import SHORT, password_in

if TYPE_CHECKING:
    from .environment import Variable


RELEASE_ID = r"\b\d{14}-[0-9a-f]{7}\b"


class Redactor:
    """Replaces the secrets of some variables in any text, also in their quoted, encoded and per-line forms.

    Release ids and the texts in `kept` (hosts, paths, revisions) stay as they are, whatever is a part of them.
    """

    def __init__(self, variables: Iterable[Variable], *, kept: Iterable[str] = ()) -> None:
        masks = {text: text for text in kept}
        short = []
        for variable in variables:
            text = variable.value.reveal()
            if variable.secret and len(text.strip()) >= SHORT:
                for form in forms(text):
                    masks.setdefault(form, f"[{variable.name}]")
            elif variable.secret and text:
                short.append((variable.name, text))
        self._masks = masks
        self._pattern = re.compile("|".join(alternatives(masks, short)))
        self._begun = re.compile("|".join(pending(name) for name, _ in short))
        self._beginnings = sorted((*masks, *(name for name, _ in short)))
        self._first = frozenset(text[0] for text in self._beginnings)
        self._longest = max(map(len, self._beginnings), default=0)

    def text(self, text: str) -> str:
        """`text` with every secret replaced by its key's name in brackets."""
        return self._pattern.sub(self._mask, text)

    def stream(self) -> RedactedStream:
        """For text that comes in pieces: a secret cut in two is still masked."""
        return RedactedStream(self)

    def _mask(self, found: re.Match[str]) -> str:
        key = found.lastgroup and next(part for part in found.groups() if part is not None)
        return f"{key}[masked]" if key else self._masks.get(found[0], found[0])

    def _settled(self, text: str) -> int:
        """Up to where nothing that is still to come can change what must be masked."""
        begun = self._begun.search(text) if self._begun.pattern else None
        end = begun.start() if begun else len(text)
        for start in range(max(0, len(text) - self._longest + 1), end):
            if text[start] in self._first and self._begins(text[start:]):
                return start
        return end

    def _begins(self, tail: str) -> bool:
        """Whether a secret begins with `tail`."""
        at = bisect_left(self._beginnings, tail)
        return at < len(self._beginnings) and self._beginnings[at].startswith(tail)


class RedactedStream:
    """Holds back the end of what it is fed while that could be the beginning of a secret."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor, self._held = redactor, ""

    def feed(self, text: str) -> str:
        """What can be shown by now."""
        text = self._held + text
        shown: list[str] = []
        at, end = 0, self._redactor._settled(text)
        for found in self._redactor._pattern.finditer(text):
            if found.end() > end:
                end = min(end, found.start())
                break
            shown += text[at : found.start()], self._redactor._mask(found)
            at = found.end()
        self._held = text[end:]
        return "".join((*shown, text[at:end]))

    def flush(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return self._redactor.text(rest)


def forms(text: str) -> Iterator[str]:
    """Every disguise of a secret and of the password in it that is long enough to be told apart."""
    from .disguises import disguises

    found = set(disguises(text))
    password = password_in(text)
    if password is not None:
        from urllib.parse import unquote

        found |= disguises(password) | disguises(unquote(password))
    return (form for form in found if len(form) >= SHORT)


def key_of(name: str) -> str:
    """The pattern of a key in front of its value, in a shell, a dict, JSON or YAML."""
    return rf"\b(?i:{name})[\"']?[ \t]*[=:][ \t]*[\"']?"


def pending(name: str) -> str:
    """The pattern of a text that ends where the key's value may still come."""
    return rf"\b(?i:{name})[\"']?[ \t]*\Z|{key_of(name)}.{{0,{SHORT}}}\Z"


def alternatives(masks: Iterable[str], short: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Patterns in the order they are tried: the longest text first, so that no secret hides a longer one."""
    yield RELEASE_ID
    beginnings: dict[str, list[str]] = {}
    for text in sorted(masks, key=lambda text: (-len(text), text)):
        beginnings.setdefault(text[0], []).append(re.escape(text[1:]))
    yield from (f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in beginnings.items())
    for number, (name, text) in enumerate(short):
        end = r"(?!\w)" if re.match(r"\w", text[-1]) else ""
        yield rf"(?P<key{number}>{key_of(name)}){re.escape(text)}{end}"
