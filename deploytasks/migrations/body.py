"""The body of a class Migration: what it assigns to each attribute, and whether that is all there is to it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1

from .literals import DEFINITIONS, assignments, statements, tail

DEMANDED = ("dependencies", "operations")
"""Attributes that every migration is expected to have of its own."""
LINKS = ("dependencies", "run_before", "replaces")
PLACE = frozenset((*LINKS, "initial", "atomic"))
"""Attributes that say where a migration stands, not what it does."""


@dataclass(frozen=True)
class Assigned:
    """A value that becomes an attribute's, or a part of it."""

    attribute: str
    value: ast.expr
    conditional: bool


@dataclass(frozen=True)
class Body:
    """What a class Migration says, by attribute."""

    assigned: tuple[Assigned, ...]
    mentions: Mapping[str, int]
    """How often each attribute is named in the class, or on it."""
    inherits: bool
    """Whether it takes attributes from a class other than Django's."""

    def values(self, attribute: str) -> tuple[ast.expr, ...]:
        return tuple(each.value for each in self.assigned if each.attribute == attribute)

    def is_whole(self, attribute: str) -> bool:
        """Whether its values are all that the attribute can hold."""
        values = self.values(attribute)
        inherited = self.inherits and attribute in DEMANDED and not values
        return self.mentions.get(attribute, 0) == len(values) and not inherited

    def is_fixed(self, attribute: str) -> bool:
        """Whether its values are what the attribute always holds."""
        conditional = any(each.conditional for each in self.assigned if each.attribute == attribute)
        return self.is_whole(attribute) and not conditional


def migration_class(module: ast.Module) -> ast.ClassDef | ast.stmt | None:
    """The statement that gives the module its Migration, the last one where there are several."""
    found = None
    for node, _ in statements(module.body):
        bound = getattr(node, "names", [])
        is_import = any(
            isinstance(name, ast.alias) and (name.asname or name.name) == "Migration" for name in bound
        )
        is_class = isinstance(node, ast.ClassDef) and node.name == "Migration"
        if is_class or is_import or "Migration" in dict(assignments(node)):
            found = node
    return found


def body(module: ast.Module, found: ast.ClassDef) -> Body:
    assigned = [each for node, nested in statements(found.body) for each in assigned_by(node, nested)]
    mentions = Counter(name for node in found.body for name in mentioned(node))
    others = [node for node in module.body if not isinstance(node, DEFINITIONS)]
    mentions.update(name for node in others for name in on(node, ("Migration",)))
    inherits = not all(tail(base) == "Migration" for base in found.bases)
    return Body(tuple(assigned), mentions, inherits)


def mentioned(statement: ast.stmt) -> Iterator[str]:
    """Names in a class, and attributes of the class."""
    yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
    yield from on(statement, ("self", "cls", "Migration"))


def on(statement: ast.stmt, owners: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in owners:
            yield node.attr


def assigned_by(node: ast.stmt, conditional: bool) -> Iterator[Assigned]:
    """What a statement gives to attributes: by `=`, `+=`, append, extend or insert."""
    for name, value in assignments(node):
        yield Assigned(name, value, conditional)
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
        owner, last = tail(call.func.value), call.args[-1]
        if call.func.attr in ("append", "insert"):
            yield Assigned(owner, ast.List([last], ast.Load()), conditional)
        elif call.func.attr == "extend":
            yield Assigned(owner, last, conditional)


def meaning(module: ast.Module, found: ast.ClassDef) -> str:
    """The module without layout, comments, and what its Migration says of its place."""
    without = ast.ClassDef(**{**dict(ast.iter_fields(found)), "body": list(filter(acts, found.body))})
    rest = [without if node is found else node for node in module.body if acts(node)]
    dumped = ast.dump(ast.Module(rest, [])).encode("utf-8", "surrogatepass")
    return sha1(dumped, usedforsecurity=False).hexdigest()


def acts(node: ast.stmt) -> bool:
    names = {name for name, _ in assignments(node)}
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not is_text and not (names and names <= PLACE)
