"""A value that can be used but not shown, and the redaction of text by value."""

from __future__ import annotations

import base64
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .environment import Variable

SHORT = 6
"""Values with fewer characters are masked only as their own key's value."""
SECRET_NAME = re.compile(r"(?:^|_)(?:PASSWORD|SECRET|KEY|TOKEN|DSN)$")
URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*:(?P<password>[^/?#\s]*)@")


class Secret:
    """Wraps a text so that no repr, str, format, traceback or JSON shows it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where the value is used."""
        return self._text

    def __repr__(self) -> str:
        return f"<secret, {len(self._text)} characters>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")


def is_secret(name: str, value: str, further: Iterable[str] = ()) -> bool:
    """Whether a key's value must be masked: by its name, by DEPLOY_SECRETS, or as a URL with a password."""
    return bool(SECRET_NAME.search(name)) or name in set(further) or URL_PASSWORD.search(value) is not None


class Redactor:
    """Replaces the secrets of some variables in any text, also in their quoted, encoded and per-line forms."""

    def __init__(self, variables: Iterable[Variable]) -> None:
        masks: dict[str, str] = {}
        short: list[str] = []
        for variable in variables:
            text = variable.value.reveal()
            if not variable.secret or not text:
                continue
            if len(text) < SHORT:
                short.append(rf"(?P<_{len(short)}>\b{re.escape(variable.name)}[\"']?\s*[=:]\s*[\"']?){re.escape(text)}")
                continue
            for form in forms(text):
                masks.setdefault(form, f"[{variable.name}]")
        self._masks = masks
        self.longest = max(map(len, masks), default=0)
        exact = [re.escape(form) for form in sorted(masks, key=len, reverse=True)]
        self._pattern = re.compile("|".join([*exact, *short])) if exact or short else None

    def text(self, text: str) -> str:
        """`text` with every secret replaced by its key's name in brackets."""
        return self._pattern.sub(self._mask, text) if self._pattern is not None else text

    def _mask(self, found: re.Match[str]) -> str:
        kept = next((part for part in found.groups() if part is not None), None)
        return self._masks[found[0]] if kept is None else f"{kept}[masked]"

    def stream(self) -> RedactedStream:
        """For text that comes in pieces: a secret cut in two is still masked."""
        return RedactedStream(self)


class RedactedStream:
    """Holds back the end of what it is fed while that could be the beginning of a secret."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor, self._rest = redactor, ""

    def feed(self, text: str) -> str:
        """What can be shown by now."""
        self._rest = self._redactor.text(self._rest + text)
        held = self._held()
        shown, self._rest = self._rest[: len(self._rest) - held], self._rest[len(self._rest) - held :]
        return shown

    def _held(self) -> int:
        """How many characters at the end begin a secret."""
        tail = self._rest[-(self._redactor.longest - 1) :] if self._redactor.longest > 1 else ""
        for start in range(len(tail)):
            piece = tail[start:]
            if any(form.startswith(piece) for form in self._redactor._masks):
                return len(piece)
        return 0

    def flush(self) -> str:
        """The rest."""
        shown, self._rest = self._redactor.text(self._rest), ""
        return shown


def forms(text: str) -> Iterator[str]:
    """The ways in which programs print a secret: as it is, quoted, escaped, URL-encoded, base64, line by line."""
    found = {text, text.strip(), shlex.quote(text), repr(text)[1:-1], json.dumps(text)[1:-1],
             json.dumps(text, ensure_ascii=False)[1:-1], urllib.parse.quote(text, safe=""), urllib.parse.quote(text),
             urllib.parse.quote_plus(text), *encoded(text)}
    found.update(line.strip() for line in text.splitlines())
    password = URL_PASSWORD.search(text)
    if password is not None:
        found.update((password["password"], urllib.parse.unquote(password["password"])))
    return (form for form in found if len(form) >= SHORT)


def encoded(text: str) -> Iterator[str]:
    """base64 in its two alphabets; without padding, so that it is found inside a longer text too."""
    raw = text.encode("utf-8", "surrogateescape")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
