"""The house rules that a reader cannot see at a glance, held by walking the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "deploytasks"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_vendor" not in path.parts)
MAY_IMPORT_FABRIC = {
    "ssh.py",
    "transfer.py",
    "identities.py",
    "hostkeys.py",
    "session.py",
    "child.py",
    "namespace.py",
}
REMOTE = {"importlib", "deploytasks"}


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Every imported top-level package with its statement."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_edges_import_fabric_and_invoke(path: Path) -> None:
    found = {
        name
        for name, _ in imports(path)
        if name.split(".")[0] in ("fabric", "invoke", "paramiko", "patchwork")
    }
    allowed = path.name in MAY_IMPORT_FABRIC or path.parent.name == "tasks"
    assert allowed or not found


@pytest.mark.parametrize("path", sorted((PACKAGE / "remote").glob("*.py")), ids=lambda path: path.name)
def test_what_is_sent_to_the_host_imports_only_the_standard_library_and_its_siblings(path: Path) -> None:
    import sys

    foreign = {
        name
        for name, _ in imports(path)
        if not name.startswith("deploytasks.remote") and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_has_a_docstring_and_at_most_250_lines(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 250
