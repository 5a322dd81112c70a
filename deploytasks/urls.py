"""URLs without the credentials in them, wherever they stand in a text."""

from __future__ import annotations

import re
from typing import Any

USERINFO = re.compile(r"(?<=://)[^\s/?#\"<>`]*@")
PARAMETER = re.compile(r"(?<=[?&;])([\w.%-]*)=[^\s&;#'\"<>`]+")
SECRET_PARAMETER = re.compile(
    r"token|secret|passw|pwd|credential|key$|(?:^|[_.-])(?:sig|signature|auth)$", re.IGNORECASE
)
MASK = "[masked]"


def public(text: str) -> str:
    """`text` with `[masked]` in place of the credentials of every URL in it: what stands before `@`, and parameters
    such as `?private_token=`. The user of an ssh URL without a password stays.
    """
    if "://" not in text:
        return text
    return PARAMETER.sub(without_secret, USERINFO.sub(without_userinfo, text))


def without_userinfo(found: re.Match[str]) -> str:
    """The user is a secret too where it is all that a server asks for."""
    scheme = found.string[max(0, found.start() - 8) : found.start()].lower()
    web = scheme.endswith(("http://", "https://"))
    return f"{MASK}@" if web or ":" in found[0] else found[0]


def without_secret(found: re.Match[str]) -> str:
    return f"{found[1]}={MASK}" if SECRET_PARAMETER.search(found[1]) else found[0]


def public_data(data: Any) -> Any:
    """JSON data with every text in it made public."""
    if isinstance(data, str):
        return public(data)
    if isinstance(data, dict):
        return {key: public_data(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [public_data(value) for value in data]
    return data
