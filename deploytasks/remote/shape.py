"""Whether data that came from outside has the shape that we rely on."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 1 << 63


def fits(value: object, shape: Any) -> bool:
    """Whether a JSON value is as `shape` says: a type, {some texts}, a pattern that matches the whole text, [of each
    element], {name: of its value}, {pattern or str: of every value}, (one of several); None stands for nothing, or for
    a name that may be missing.
    """
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits_entry(value, name, shape[name]) for name in shape)
    if isinstance(shape, set):
        return isinstance(value, str) and value in shape
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if shape is None:
        return value is None
    if shape is str:
        return is_text(value)
    if shape in (int, float):
        return is_number(value, shape)
    return isinstance(value, shape)


def fits_entry(value: dict[str, Any], name: Any, shape: Any) -> bool:
    """The same of one entry of a mapping, or of all of them."""
    if isinstance(name, str):
        return fits(value.get(name), shape)
    return all(fits(key, name) and fits(inner, shape) for key, inner in value.items())


def is_text(value: object) -> bool:
    """Whether a value is a text that a file or a process can be given."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def is_number(value: object, kind: type) -> bool:
    """Whether a value is a number that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else int):
        return False
    return -LARGEST < value < LARGEST  # no infinity, and what is no number compares false
