"""The structure of the package, measured from its imports: `python -m tests.architecture` prints the figures.

A room is a folder of `deploytasks/`; the modules beside them are the ground, that of `tests/test_architecture.py`.
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "deploytasks"
FOREIGN = ("fabric", "invoke", "paramiko", "patchwork")
GROUND = ("_version", "bytecode", "cache", "commits", "errors", "git", "operation", "report", "shell", "urls")
"""Modules beside the rooms, which know nobody above."""
FRONT = ("", "__main__", "api")
"""What is imported, or run, from outside; knows everybody."""


@dataclass(frozen=True)
class Import:
    """One module of the package naming another. `annotation`: for type checkers only; `lazy`: within a function."""

    importer: str
    imported: str
    annotation: bool
    lazy: bool


def modules() -> dict[str, Path]:
    """{dotted name without `deploytasks.`: file}; a room itself has its folder's name, the package ``."""
    files = (path for path in sorted(PACKAGE.rglob("*.py")) if "_vendor" not in path.parts)
    return {dotted(path): path for path in files}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def room(module: str) -> str:
    """The folder that a module is in; what lies beside the folders is the ground or the front."""
    top = module.split(".", maxsplit=1)[0]
    return "ground" if top in GROUND else "front" if top in FRONT else top


def statements(tree: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    """Every import with (for annotations only, within a function)."""

    def walk(node: ast.AST, annotation: bool, lazy: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
        for child in ast.iter_child_nodes(node):
            only = annotation or (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING")
            inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield child, only, inside
            yield from walk(child, only, inside)

    for node, annotation, lazy in walk(tree, False, False):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, annotation, lazy


def targets(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> Iterator[str]:
    """The dotted names that an import may mean, absolute."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = ["deploytasks", *(module.split(".") if module else [])]
    base = base[: len(base) - node.level + is_package] if node.level else []
    start = ".".join([*base, *([node.module] if node.module else [])])
    yield from (f"{start}.{alias.name}" for alias in node.names)


@cache
def imports() -> tuple[Import, ...]:
    """Every import of one module of the package by another."""
    known = modules()
    found = []
    for name, path in known.items():
        for node, annotation, lazy in statements(ast.parse(path.read_text("utf-8"))):
            for target in targets(node, name, path.name == "__init__.py"):
                if target.split(".")[0] == "deploytasks" and "_vendor" not in target:
                    imported = owner(target.partition(".")[2], known)
                    found.append(Import(name, imported, annotation, lazy))
    return tuple(one for one in found if one.importer != one.imported)


def owner(target: str, known: Mapping[str, Path]) -> str:
    """The module that a dotted name belongs to: itself, or what it is a name in."""
    while target not in known:
        target = target.rpartition(".")[0]
    return target


@cache
def foreign() -> frozenset[tuple[str, str]]:
    """(module, imported name) of Fabric, Invoke, paramiko and patchwork."""
    return frozenset(
        (name, target)
        for name, path in modules().items()
        for node, _, _ in statements(ast.parse(path.read_text("utf-8")))
        for target in targets(node, name, path.name == "__init__.py")
        if target.split(".")[0] in FOREIGN
    )


def table(*, annotations: bool = True) -> dict[str, set[str]]:
    """{room: rooms that it imports}."""
    rooms: dict[str, set[str]] = {room(name): set() for name in modules()}
    for one in imports():
        if annotations or not one.annotation:
            rooms[room(one.importer)].add(room(one.imported))
    return {name: others - {name} for name, others in rooms.items()}


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of nodes that reach each other."""
    reach = {name: reachable(graph, name) for name in graph}
    groups = {frozenset(other for other in reach[name] if name in reach[other]) for name in graph}
    return [set(group) for group in groups if len(group) > 1]


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """All that is reached from a node, one step or more away."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def levels(graph: Mapping[str, set[str]]) -> int:
    """Nodes on the longest way down; 0 when there are circles."""
    if circles(graph):
        return 0
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((of(other) for other in graph.get(name, ())), default=0)
        return depth[name]

    return max(map(of, graph))


def module_graph(*, lazy: bool) -> dict[str, set[str]]:
    """{module: modules it imports at run time}; with `lazy` also within functions."""
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if not one.annotation and (lazy or not one.lazy):
            graph[one.importer].add(one.imported)
    return graph


def string_subscripts(tree: ast.AST) -> int:
    """How often a value is taken by a literal string key, as from an answer that has no type."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        for node in ast.walk(tree)
    )


def positional_answers(tree: ast.AST) -> int:
    """How often a result is taken by its position: `results[2].value`, `answers[host][0]`."""
    names = ("result", "answer", "read")

    def is_position(node: ast.AST) -> bool:
        if not isinstance(node, ast.Subscript):
            return False
        text = ast.unparse(node.slice).lstrip("-")
        return text.isdigit() and any(name in ast.unparse(node.value) for name in names)

    return sum(map(is_position, ast.walk(tree)))


def private_attributes(tree: ast.AST) -> list[str]:
    """Private attributes taken of something that is not ourselves."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]


def figures() -> dict[str, object]:
    """What the house looks like, as figures."""
    known = modules()
    texts = {name: path.read_text("utf-8") for name, path in known.items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    sizes = {name: len(text.splitlines()) for name, text in texts.items()}
    here = {name: tree for name, tree in trees.items() if room(name) != "remote"}
    largest = max(sizes, key=lambda name: sizes[name])
    edges = {name for name, _ in foreign()}
    return {
        "top-level entries": len({name.split(".")[0] for name in known} - {""}),
        "rooms": len({room(name) for name in known} - {"ground", "front"}),
        "modules": len(known),
        "lines": sum(sizes.values()),
        "median module": statistics.median(sizes.values()),
        "largest module": f"{largest} ({sizes[largest]})",
        "room levels at run time": levels(table(annotations=False)) or "circles",
        "circles between rooms, annotations included": len(circles(table())),
        "module levels at run time": levels(module_graph(lazy=True)) or "circles",
        "circles between modules at run time": len(circles(module_graph(lazy=True))),
        "string-key subscripts outside remote/": sum(map(string_subscripts, here.values())),
        "positional answers outside hosts/": sum(
            positional_answers(tree) for name, tree in here.items() if room(name) != "hosts"
        ),
        "private attributes of others at the edges": sum(
            len(private_attributes(trees[name])) for name in edges
        ),
    }


if __name__ == "__main__":
    for what, figure in figures().items():
        print(f"{what:<48}{figure}")
