"""What the operations of a migration do, told from how they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from .arguments import Arguments, arguments
from .fields import fields
from .literals import Names, items, tail, text
from .migration import IRREVERSIBLE, LOSES, UNKNOWN, Effect, Flag
from .operations import OPERATIONS, destroying, named

STATE_ONLY = "changes only what Django knows"
UNREAD = Effect("does what cannot be read", flags=(UNKNOWN,))


def effects(node: ast.expr, names: Names, *, state_only: bool = False) -> Iterator[Effect]:
    """Those of a list of operations. Of one that is put together when it is imported: those of every operation that
    can be seen in it, as any of them may run; `UNREAD` where there is none.
    """
    for item in items(node, names):
        if isinstance(item, ast.Call):
            yield from of_call(item, names, state_only)
        elif isinstance(item, ast.IfExp):
            yield from effects(item.body, names, state_only=state_only)
            yield from effects(item.orelse, names, state_only=state_only)
        elif isinstance(item, (ast.ListComp, ast.GeneratorExp)):
            yield from effects(item.elt, names, state_only=state_only)
        elif not (isinstance(item, ast.Constant) and item.value is None):
            yield UNREAD


def of_call(call: ast.Call, names: Names, state_only: bool) -> Iterator[Effect]:
    """Of one operation; several of SeparateDatabaseAndState."""
    operation = names.called(call.func)
    if operation in ("list", "tuple") and len(call.args) == 1:
        yield from effects(call.args[0], names, state_only=state_only)
    elif operation == "SeparateDatabaseAndState":
        yield from separate(arguments(call, "database_operations", "state_operations"), names, state_only)
    elif operation == "RunSQL":
        yield from run_sql(arguments(call, "sql", "reverse_sql", "state_operations"), names, state_only)
    elif state_only:
        yield in_state(of_operation(operation, call, names))
    else:
        yield of_operation(operation, call, names)


def in_state(effect: Effect) -> Effect:
    return replace(effect, summary=STATE_ONLY, flags=(), state_only=True)


def separate(given: Arguments, names: Names, state_only: bool) -> Iterator[Effect]:
    if not given.whole:
        yield UNREAD
    if (in_database := given.get("database_operations")) is not None:
        yield from effects(in_database, names, state_only=state_only)
    if (state := given.get("state_operations")) is not None:
        yield from effects(state, names, state_only=True)


def of_operation(operation: str, call: ast.Call, names: Names) -> Effect:
    if operation == "RunPython":
        return run_python(arguments(call, "code", "reverse_code"), names)
    if known := OPERATIONS.get(operation):
        given = arguments(call, *known.parameters, *known.defining)
        defined = tuple(fields(operation, given, names))
        return Effect(known.summary, operation, known.subject_of(given, names), known.flags, fields=defined)
    return replace(
        UNREAD,
        summary="runs an operation that Django does not have",
        operation=named(operation) if operation else "",
    )


def run_python(given: Arguments, names: Names) -> Effect:
    code = given.get("code")
    if is_noop(code):
        return Effect("runs nothing", "RunPython", flags=reversal(given, "reverse_code", names))
    shown = named(ast.unparse(code)) if isinstance(code, (ast.Name, ast.Attribute)) else ""
    return Effect("runs Python", "RunPython", shown, reversal(given, "reverse_code", names))


def run_sql(given: Arguments, names: Names, state_only: bool) -> Iterator[Effect]:
    yield in_state(sql_effect(given, names)) if state_only else sql_effect(given, names)
    if (state := given.get("state_operations")) is not None:
        yield from effects(state, names, state_only=True)


def sql_effect(given: Arguments, names: Names) -> Effect:
    flags = reversal(given, "reverse_sql", names)
    sql = given.get("sql")
    statements = [] if sql is None else list(statements_of(sql, names))
    if is_noop(sql) or statements == [""]:
        return Effect("runs nothing", "RunSQL", flags=flags)
    if destroys := next(filter(None, map(destroying, statements)), ""):
        return Effect("runs SQL", "RunSQL", destroys, (LOSES, *flags))
    return Effect("runs SQL", "RunSQL", flags=flags)


def statements_of(sql: ast.expr, names: Names) -> Iterator[str]:
    """Every statement whose text can be read: RunSQL takes one, or a list of them or of (statement, parameters)."""
    for item in items(sql, names):
        first = item.elts[0] if isinstance(item, (ast.Tuple, ast.List)) and item.elts else item
        if (statement := text(first, names)) is not None:
            yield statement


def reversal(given: Arguments, parameter: str, names: Names) -> tuple[Flag, ...]:
    """Django reverses what was given something to reverse it with, a noop included."""
    value = given.get(parameter)
    if value is None:
        return (IRREVERSIBLE,) if given.whole else (UNKNOWN,)
    value = names.behind(value)
    return (IRREVERSIBLE,) if isinstance(value, ast.Constant) and value.value is None else ()


def is_noop(node: ast.expr | None) -> bool:
    return node is not None and tail(node) == "noop"
