"""Secret: a value that can be used and is never shown; which keys hold one."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORT = 6
"""Values with fewer characters are masked only as their own key's value."""
SECRET_NAME = re.compile(r"(?:^|_)(?:PASSWORD|SECRET|KEY|TOKEN|DSN)$", re.IGNORECASE)
ALWAYS = ("DEPLOY_HEALTH_HEADERS",)
"""Keys that may hold a login, whatever they are named."""
USER = re.compile(r"(?<=[A-Za-z0-9+.-])://[^/?#\s:]*:(?![0-9]*(?:[/?#]|$))")
"""Of a URL in a word, up to where a password would begin; what follows a host is a port."""
PARAMETER = re.compile(r"[?&](?:password|passwd|sslpassword|secret|token|api_?key)=([^&#\s]+)", re.IGNORECASE)


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


def password_in(text: str) -> str | None:
    """The first password that a URL in a text holds, before its host or as a parameter; None when none does.

    Each expression looks at each character once, however long the text is.
    """
    for word in text.split() if "://" in text else ():
        last = word.rfind("@")
        for user in USER.finditer(word):
            if user.end() < last:
                return word[user.end() : last]
        if parameter := PARAMETER.search(word, word.find("://") + 3) if "://" in word else None:
            return parameter[1]
    return None


def named_secret(name: str, further: Iterable[str] = ()) -> bool:
    """Whether a key's name alone says that its value must be masked."""
    return name in ALWAYS or bool(SECRET_NAME.search(name)) or name in further


def is_secret(name: str, value: str, further: Iterable[str] = ()) -> bool:
    """Whether a key's value must be masked: by its name, as one of `further` names, or as a URL with a password."""
    return named_secret(name, further) or password_in(value) is not None
