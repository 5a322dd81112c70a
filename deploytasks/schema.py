"""environments/schema.toml: what the application expects of its keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .environment import Origin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = "environments/schema.toml"
TYPES = {
    "string": r"(?s).*", "integer": r"[+-]?\d+", "number": r"[+-]?\d+(\.\d+)?", "boolean": r"(?i)true|false|yes|no|1|0|on|off",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*:\S+", "email": r"[^@\s]+@[^@\s]+",
}
FIELDS = {
    "type": str, "required": bool, "required_in": list, "secret": bool, "pattern": str, "default": str, "description": str,
    "must_differ_between": list, "forbid_in": list,
}


@dataclass(frozen=True)
class Rule:
    """What schema.toml says of one key."""

    name: str
    type: str = "string"
    required: bool = False
    required_in: tuple[str, ...] = ()
    secret: bool = False
    pattern: str | None = None
    default: str | None = None
    description: str = ""
    must_differ_between: tuple[str, ...] = ()
    forbid_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """All rules, and what is wrong with the file itself."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(rule.name for rule in self.rules if rule.secret)

    def defaults(self, environment: str) -> dict[str, str]:
        """Texts of the keys that need not be written in `environment`."""
        return {rule.name: rule.default for rule in self.rules
                if rule.default is not None and environment not in rule.forbid_in}


def read(root: Path) -> Schema:
    """The schema of a project; empty when it has none."""
    path = root / SOURCE
    if not path.exists():
        return Schema()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return Schema((), (f"{SOURCE}: cannot be read ({error}); correct it",))
    problems = tuple(problem for name, table in tables.items() for problem in table_problems(name, table))
    if problems:
        return Schema((), problems)
    return Schema(tuple(
        Rule(name, **{field: tuple(value) if isinstance(value, list) else value for field, value in table.items()})
        for name, table in tables.items()))


def table_problems(name: str, table: Any) -> Iterator[str]:
    """What is wrong with one key's table."""
    if not isinstance(table, dict):
        yield f"{SOURCE}: {name} is no table; write [{name}]"
        return
    for field, value in table.items():
        if field not in FIELDS:
            yield f"{SOURCE}: [{name}] {field} is unknown; it has {', '.join(FIELDS)}"
        elif not isinstance(value, FIELDS[field]):
            yield f"{SOURCE}: [{name}] {field} is not a {FIELDS[field].__name__}; correct it"
    if table.get("type", "string") not in TYPES:
        yield f"{SOURCE}: [{name}] type is unknown; use one of {', '.join(TYPES)}"
    try:
        re.compile(str(table.get("pattern", "")))
    except re.error as error:
        yield f"{SOURCE}: [{name}] pattern is no regular expression ({error}); correct it"


def check(schema: Schema, environment: str, texts: Mapping[str, str], origins: Mapping[str, Origin]) -> list[str]:
    """What an environment's application keys do against the rules; never a value."""
    return [problem for rule in schema.rules for problem in rule_problems(rule, environment, texts, origins)]


def rule_problems(
    rule: Rule, environment: str, texts: Mapping[str, str], origins: Mapping[str, Origin]
) -> Iterator[str]:
    """What is wrong with one key."""
    about = f" ({rule.description})" if rule.description else ""
    if rule.name not in texts:
        if (rule.required or environment in rule.required_in) and rule.default is None:
            yield f"environments/{environment}.env:1: {rule.name} is missing{about}; set it"
        return
    where, text = f"{origins[rule.name]}: {rule.name}", texts[rule.name]
    if environment in rule.forbid_in:
        yield f"{where} must not be set in {environment}{about}; remove it"
    if not re.fullmatch(TYPES[rule.type], text):
        yield f"{where} is not of type {rule.type}{about}; correct it"
    if rule.pattern is not None and not re.fullmatch(rule.pattern, text):
        yield f"{where} does not match its pattern in {SOURCE}{about}; correct it"


def equal_where_they_must_differ(schema: Schema, environments: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Keys that hold the same value in two environments that must not share it."""
    problems = []
    for rule in schema.rules:
        names = [name for name in rule.must_differ_between if rule.name in environments.get(name, {})]
        for number, first in enumerate(names):
            for second in names[number + 1 :]:
                if environments[first][rule.name] == environments[second][rule.name]:
                    problems.append(f"environments/{second}.env: {rule.name} is the same as in {first}; change one of them")
    return problems
