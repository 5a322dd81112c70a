"""JSON becomes a frozen dataclass, or one error that says what is wrong with it."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def shaped(kind: type[T], value: Any) -> T:
    """`value` as a `kind`, a dataclass whose fields have the names of its keys; further keys are passed over, and so
    is null where there is a default.

    Raises ValueError: `<field>: <what is wrong>`.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{word(value)} instead of {kind.__name__}")
    hints = hints_of(kind)  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        optional = one.default is not MISSING or one.default_factory is not MISSING
        if value.get(one.name) is not None or (one.name in value and not optional):
            given[one.name] = fitted(hints[one.name], value[one.name], one.name)
        elif not optional:
            raise ValueError(f"{one.name}: is missing")
    return kind(**given)


@functools.cache
def hints_of(kind: Any) -> dict[str, Any]:
    """{field: type}, the annotations evaluated."""
    return typing.get_type_hints(kind)


def fitted(wanted: Any, value: Any, where: str) -> Any:
    """`value` as what an annotation asks for: plain types, dataclasses, tuples and mappings of them, one or None."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        return (
            None
            if value is None
            else fitted(next(one for one in inner if one is not type(None)), value, where)
        )
    if is_dataclass(wanted) and isinstance(wanted, type):
        return shaped(wanted, value)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(fitted(inner[0], one, where) for one in value)
    if origin is not None and isinstance(value, Mapping) and issubclass(origin, Mapping):
        return {str(name): fitted(inner[1], one, f"{where}.{name}") for name, one in value.items()}
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if (
        isinstance(wanted, type)
        and isinstance(value, wanted)
        and not (wanted is int and isinstance(value, bool))
    ):
        return value
    raise ValueError(f"{where}: {word(value)} instead of {getattr(wanted, '__name__', wanted)}")


def word(value: Any) -> str:
    """What a JSON value is, without showing it."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")
