"""Fields of models, as far as a database knows of them, from how a migration writes them down."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .arguments import Arguments
from .literals import Names, items, text
from .migration import Field

NOT_IN_DATABASE = frozenset(
    [
        *(
            "auto_now",
            "auto_now_add",
            "blank",
            "choices",
            "default",
            "editable",
            "error_messages",
            "help_text",
        ),
        *("limit_choices_to", "on_delete", "related_name", "related_query_name", "serialize", "storage"),
        *("upload_to", "validators", "verbose_name"),
    ]
)
"""Settings that change no column."""


def fields(operation: str, given: Arguments, names: Names) -> Iterator[Field]:
    """Those that an operation defines and that its source tells."""
    if operation == "CreateModel" and (listed := given.get("fields")) is not None:
        for item in items(listed, names):
            if isinstance(item, ast.Tuple) and len(item.elts) == 2:
                yield from field(text(item.elts[0], names), item.elts[1], names)
    elif operation in ("AddField", "AlterField") and (written := given.get("field")) is not None:
        yield from field(text(given.get("name"), names), written, names)


def field(name: str | None, node: ast.expr, names: Names) -> Iterator[Field]:
    """That of a call to a module's class; one under a bare name may be anything."""
    call = names.behind(node)
    if name is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return
    if all(each.arg for each in call.keywords):
        given = {str(place): value for place, value in enumerate(call.args)}
        given |= {each.arg: each.value for each in call.keywords if each.arg}
        told = {key: written_out(value, names) for key, value in given.items() if key not in NOT_IN_DATABASE}
        yield Field(name, ast.unparse(call.func).removeprefix("models."), tuple(sorted(told.items())))


def written_out(node: ast.expr, names: Names) -> str | None:
    """The source of a value that is the same wherever its source is; None for one that depends on a name."""
    value = names.behind(node)
    modules = [each.value for each in ast.walk(value) if isinstance(each, ast.Attribute)]
    free = [
        each for each in ast.walk(value) if isinstance(each, (ast.Name, ast.Starred)) and each not in modules
    ]
    return None if free else ast.unparse(value)
