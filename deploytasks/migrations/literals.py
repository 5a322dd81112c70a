"""What an expression will be, where its source alone tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MOST_STEPS = 50_000
"""Expressions of a file that are looked at: names that stand for each other could make any number of them."""
LONGEST = 10_000
"""Characters of a text put together from several."""


@dataclass(frozen=True)
class Names:
    """What the names in a file stand for."""

    constants: Mapping[str, ast.expr] = field(default_factory=dict)
    """Those that the module assigns once and always, with their value."""
    imported: Mapping[str, str] = field(default_factory=dict)
    """Local name -> the name it was imported as."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Settings that name a model, e.g. AUTH_USER_MODEL."""
    steps: Iterator[int] = field(default_factory=lambda: iter(range(MOST_STEPS)), repr=False, compare=False)

    def behind(self, node: ast.expr) -> ast.expr:
        """The value of a name that the module assigns once, else the expression itself.

        Raises RecursionError when the file has had its `MOST_STEPS`.
        """
        seen: set[str] = set()
        self.step()
        while isinstance(node, ast.Name) and node.id in self.constants and node.id not in seen:
            self.step()
            seen.add(node.id)
            node = self.constants[node.id]
        return node

    def step(self) -> None:
        if next(self.steps, None) is None:
            raise RecursionError

    def called(self, node: ast.expr) -> str:
        """The last name of what a call calls; empty for something without a name."""
        if isinstance(node, ast.Attribute):
            return node.attr
        return self.imported.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def names(module: ast.Module, models: Mapping[str, str]) -> Names:
    """Read off a module's own statements."""
    assigned: dict[str, list[ast.expr | None]] = {}
    imported: dict[str, str] = {}
    for node, conditional in statements(module.body):
        if isinstance(node, ast.ImportFrom):
            imported.update((alias.asname, alias.name) for alias in node.names if alias.asname)
        for name, value in assignments(node):
            assigned.setdefault(name, []).append(None if conditional else value)
    once = {
        name: values[0] for name, values in assigned.items() if len(values) == 1 and values[0] is not None
    }
    return Names(once, imported, models)


def statements(nodes: Iterable[ast.stmt], nested: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement that runs with these, and whether that depends on another."""
    for node in nodes:
        yield node, nested
        if not isinstance(node, DEFINITIONS):
            inner = [
                *getattr(node, "body", []),
                *getattr(node, "orelse", []),
                *getattr(node, "finalbody", []),
            ]
            handlers = [each for handler in getattr(node, "handlers", []) for each in handler.body]
            yield from statements([*inner, *handlers], True)


def assignments(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Every plain name that a statement assigns, with the value."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    value = getattr(node, "value", None)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and value is not None:
        yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def text(node: ast.expr | None, names: Names) -> str | None:
    """The text that an expression is, None where its source does not tell."""
    node = names.behind(node) if node is not None else None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Attribute) and tail(node.value) == "settings":
        return names.models.get(node.attr)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = text(node.left, names), text(node.right, names)
        whole = "".join(part for part in parts if part is not None)
        return whole if None not in parts and len(whole) <= LONGEST else None
    if isinstance(node, ast.Call) and names.called(node.func) == "getattr":
        return setting(node, names)
    return None


def setting(call: ast.Call, names: Names) -> str | None:
    """What `getattr(settings, "NAME", default)` gives."""
    if len(call.args) not in (2, 3) or tail(call.args[0]) != "settings":
        return None
    name = text(call.args[1], names)
    if name is None or name in names.models or len(call.args) == 2:
        return names.models.get(name or "")
    return text(call.args[2], names)


def tail(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def items(node: ast.expr, names: Names) -> Iterator[ast.expr]:
    """The items of a list or tuple, of several added to each other or starred in one another; what is none of these
    as it is.
    """
    value = names.behind(node)
    if isinstance(value, (ast.List, ast.Tuple)):
        for item in value.elts:
            yield from items(item.value, names) if isinstance(item, ast.Starred) else [names.behind(item)]
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from items(value.left, names)
        yield from items(value.right, names)
    else:
        yield value
