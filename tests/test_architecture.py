"""The house rules that a reader cannot see at a glance, held by walking the syntax trees."""

from __future__ import annotations

import ast
import sys

import pytest

from tests import architecture

MODULES = architecture.modules()
TABLE = {
    "front": {"commands", "config", "ground", "hosts", "output", "recipe", "ssh", "tasks"},
    "tasks": {"commands", "config", "ground", "hosts", "output", "recipe", "source", "ssh", "vendored"},
    "output": {"commands", "config", "ground", "hosts", "vendored"},
    "commands": {
        *(
            "config",
            "ground",
            "hosts",
            "migrations",
            "packages",
            "recipe",
            "remote",
            "source",
            "ssh",
            "upload",
            "vendored",
        )
    },
    "hosts": {"config", "ground", "recipe", "remote", "ssh", "upload"},
    "upload": {"ground", "source", "ssh"},
    "ssh": {"config", "ground"},
    "recipe": {"config", "ground", "packages", "remote", "source", "ssh"},
    "packages": {"config", "ground", "remote", "source"},
    "source": {"config", "ground", "remote", "vendored"},
    "vendored": {"ground"},
    "migrations": set(),
    "config": {"ground", "remote"},
    "remote": set(),
    "ground": set(),
}
"""Which room may import which, annotations included. It only shrinks: a new arrow wants a reason in its commit."""
MAY_IMPORT_FABRIC = {"ssh", "upload", "tasks"}


def test_a_room_imports_only_the_rooms_that_the_table_names() -> None:
    assert architecture.table() == TABLE


def test_rooms_have_no_circle_and_at_most_8_levels() -> None:
    assert architecture.circles(architecture.table()) == []
    assert 0 < architecture.levels(architecture.table(annotations=False)) <= 8


def test_modules_have_no_circle_at_run_time() -> None:
    assert architecture.circles(architecture.module_graph(lazy=True)) == []


def test_nothing_lies_beside_the_rooms_but_the_ground_and_the_front() -> None:
    top = {one.split(".")[0] for one in MODULES}
    assert top == (set(TABLE) - {"front", "ground"}) | {*architecture.GROUND, *architecture.FRONT}


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


@pytest.mark.parametrize("module", [one for one in MODULES if architecture.room(one) == "remote"], ids=name)
def test_a_host_never_loads_typing(module: str) -> None:
    """It costs every conversation 10 ms."""
    statements = architecture.statements(ast.parse(MODULES[module].read_text("utf-8")))
    loaded = {
        target
        for node, annotation, _ in statements
        for target in architecture.targets(node, module, MODULES[module].name == "__init__.py")
        if not annotation
    }
    assert not [target for target in loaded if target.split(".")[0] in ("typing", "typing_extensions")]


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_has_a_docstring_and_at_most_250_lines(module: str) -> None:
    text = MODULES[module].read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 250
