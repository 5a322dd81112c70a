"""The house rules that a reader cannot see at a glance, held by walking the syntax trees."""

from __future__ import annotations

import ast
import sys

import pytest

from tests import architecture

MODULES = architecture.modules()
MAY_IMPORT_FABRIC = {"ssh", "upload", "tasks"}
"""Rooms, and modules of the ground."""


def name(value: object) -> str:
    return str(value) or "deploytasks"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_only_the_edges_import_fabric_and_invoke(module: str) -> None:
    found = {imported for importer, imported in architecture.foreign() if importer == module}
    assert architecture.room(module) in MAY_IMPORT_FABRIC or not found


@pytest.mark.parametrize("module", [one for one in MODULES if architecture.room(one) == "remote"], ids=name)
def test_what_is_sent_to_the_host_imports_only_the_standard_library_and_its_siblings(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    named = {
        target
        for node, _, _ in architecture.statements(tree)
        for target in architecture.targets(node, module, MODULES[module].name == "__init__.py")
    }
    foreign = {
        target
        for target in named
        if not target.startswith("deploytasks.remote") and target.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_has_a_docstring_and_at_most_250_lines(module: str) -> None:
    text = MODULES[module].read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 250
