"""A value that can be used but not shown, and the redaction of text by value."""

from __future__ import annotations


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
