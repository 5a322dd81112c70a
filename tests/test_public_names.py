"""What `deploytasks` exports is there, and is enough to call it with."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest

import deploytasks

PUBLIC = [name for name in deploytasks.__all__ if name != "__version__"]
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(deploytasks, name))]


def typed() -> set[str]:
    """The names that a type checker finds in the package."""
    tree = ast.parse(Path(deploytasks.__file__).read_text("utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    return {alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_type_checkers_and_programs_find_the_same_names() -> None:
    assert typed() == set(PUBLIC)
    assert {name for name in PUBLIC if not hasattr(deploytasks, name)} == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_public_function_takes_and_gives_has_a_public_type(name: str) -> None:
    function = getattr(deploytasks, name)
    said = " ".join(map(str, function.__annotations__.values()))
    here = vars(sys.modules[function.__module__])
    ours = {
        word
        for word in re.findall(r"\b[A-Z]\w+", said)
        if getattr(here.get(word), "__module__", "deploytasks").startswith("deploytasks")
        and word not in BUILT_IN
    }
    assert ours <= set(PUBLIC)


BUILT_IN = {"None", "Any", "Path", "Sequence", "Mapping", "Iterable", "Callable", "Literal"}
