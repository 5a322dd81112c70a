"""What the control side asks for is what the agent has: every name, and every argument."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from deploytasks.remote.agent.agent import OPERATIONS, find
from deploytasks.remote.agent.requests import SHAPES
from tests import architecture

DONE_HERE = {"upload"}
"""Operations that the control side carries out itself."""


class Asked(NamedTuple):
    """An `Operation(…)` in the source: the names of the arguments that it always gives, and those that it may."""

    where: str
    name: str
    given: set[str]
    possible: set[str]


def asked() -> Iterator[Asked]:
    for module, path in architecture.modules().items():
        tree = ast.parse(path.read_text("utf-8"))
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] + [tree]:
            for call in calls(function):
                arguments = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
                given, possible = names(arguments, function, tree)
                name = ast.literal_eval(call.args[0])
                yield Asked(f"{module}:{call.lineno}", name, given, possible)


def calls(scope: ast.AST) -> Iterator[ast.Call]:
    """Every `Operation("…")` of a scope, without those of functions in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Operation":
                yield node
            yield from calls(node)


def names(value: ast.expr, scope: ast.AST, tree: ast.AST) -> tuple[set[str], set[str]]:
    """(names that a mapping always has, names that it may have), followed through what is written in the module."""
    if isinstance(value, ast.IfExp):
        one, other = names(value.body, scope, tree), names(value.orelse, scope, tree)
        return one[0] & other[0], one[1] | other[1]
    if isinstance(value, ast.Name):
        [assigned] = [node.value for node in ast.walk(scope) if assigns(node, value.id)]  # type: ignore[attr-defined]
        return names(assigned, scope, tree)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        [called] = [node for node in ast.walk(tree) if is_function(node, value.func.id)]
        returned = [node.value for node in ast.walk(called) if isinstance(node, ast.Return) and node.value]
        ways = [names(one, called, tree) for one in returned]
        return set.intersection(*(way[0] for way in ways)), set().union(*(way[1] for way in ways))
    assert isinstance(value, ast.Dict), (
        f"line {value.lineno}: write the arguments as a dict, so that this can be read"
    )
    given, possible = set(), set()
    for key, inner in zip(value.keys, value.values, strict=True):
        more = ({ast.literal_eval(key)},) * 2 if key else names(inner, scope, tree)
        given, possible = given | more[0], possible | more[1]
    return given, possible


def assigns(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and name in {
        part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)
    }


def is_function(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


ASKED = [one for one in asked() if one.name not in DONE_HERE]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_that_the_agent_names_is_a_function_of_its_state(name: str) -> None:
    assert next(iter(inspect.signature(find(name)).parameters)) == "state"


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_agent_knows_what_every_argument_has_to_be(name: str) -> None:
    function = find(name)
    parameters = list(inspect.signature(function).parameters)[1:]
    assert not [one for one in parameters if function.__annotations__[one] not in SHAPES]


def test_every_operation_is_asked_for_by_somebody() -> None:
    assert {one.name for one in ASKED} == OPERATIONS.keys()


@pytest.mark.parametrize("one", ASKED, ids=lambda one: f"{one.where}-{one.name}")
def test_the_arguments_that_are_given_fit_the_function_that_takes_them(one: Asked) -> None:
    parameters = list(inspect.signature(find(one.name)).parameters.values())[1:]
    takes_more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    required = {
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    assert required <= one.given
    assert takes_more or one.possible <= {parameter.name for parameter in parameters}
