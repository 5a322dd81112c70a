"""What a migration says of others: which come before it, after it, or are replaced by it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TypeGuard

from .arguments import arguments
from .literals import Names, items, text
from .migration import Key

LONGEST = 255
"""Characters: what django_migrations, the table that remembers them, has room for."""


def keys(values: Iterable[ast.expr], names: Names) -> tuple[tuple[Key, ...], bool]:
    """Those that the source tells, each once, and whether these are all."""
    read = [key(item, names) for value in values for item in items(value, names)]
    return tuple(dict.fromkeys(each for each in read if each is not None)), None not in read


def key(node: ast.expr, names: Names) -> Key | None:
    """`("shop", "0001_initial")`, or the first migration of the app of a model that can be swapped."""
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        app, name = (text(part, names) for part in node.elts)
        return Key(app, name) if is_name(app) and is_name(name) else None
    if isinstance(node, ast.Call) and names.called(node.func) == "swappable_dependency":
        model = text(arguments(node, "value").get("value"), names)
        return Key(model.split(".", 1)[0], "__first__") if is_name(model) else None
    return None


def is_name(text: str | None) -> TypeGuard[str]:
    return text is not None and 0 < len(text) <= LONGEST and text.isprintable()
