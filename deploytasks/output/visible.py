"""A text as it may be shown: what a terminal would obey is visible, and no URL holds credentials."""

from __future__ import annotations

import re

from ..urls import public

OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but the ends of lines and tabs
    "\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # hidden, or turns text
    "\ud800-\udfff]"  # no text: bytes that were no UTF-8
)


def visible(text: str) -> str:
    """`text` with every character that a terminal would obey written as Python writes it, e.g. `\\x1b`."""
    return OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def shown(text: str) -> str:
    """What every text becomes that is printed."""
    return visible(public(text))
