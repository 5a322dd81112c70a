"""Arguments: what a call gives each parameter, by position or by name."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Arguments:
    """Expressions by parameter."""

    given: Mapping[str, ast.expr]
    whole: bool
    """Whether these are all: a call with `*` or `**` may give more."""

    def get(self, parameter: str) -> ast.expr | None:
        return self.given.get(parameter)


def arguments(call: ast.Call, *parameters: str) -> Arguments:
    """Those of a call to something with these parameters, in this order."""
    plain = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
    by_position = dict(zip(parameters, plain, strict=False)) if len(plain) == len(call.args) else {}
    by_name = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    whole = len(plain) == len(call.args) and len(by_name) == len(call.keywords)
    return Arguments({**by_position, **by_name}, whole)
