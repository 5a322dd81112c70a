"""environments/schema.toml: what the application expects of its keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .environment import Origin

SOURCE = "environments/schema.toml"
TYPES = {
    "string": r"(?s).*",
    "integer": r"[+-]?\d+",
    "number": r"[+-]?\d+(\.\d+)?",
    "boolean": r"(?i)true|false|yes|no|1|0|on|off",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*:\S+",
    "email": r"[^@\s]+@[^@\s]+",
}
FIELDS = {
    "type": str,
    "required": bool,
    "required_in": list,
    "secret": bool,
    "pattern": str,
    "default": str,
    "description": str,
    "must_differ_between": list,
    "forbid_in": list,
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

    def default_in(self, environment: str) -> str | None:
        """The text of the key when nobody sets it."""
        return None if environment in self.forbid_in else self.default

    @property
    def about(self) -> str:
        return f" ({self.description})" if self.description else ""


@dataclass(frozen=True)
class Schema:
    """All rules, and what is wrong with the file itself."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(rule.name for rule in self.rules if rule.secret)

    def defaults(self, environment: str) -> dict[str, str]:
        """Texts of the keys that need not be written in `environment`."""
        return {rule.name: text for rule in self.rules if (text := rule.default_in(environment)) is not None}


def read(root: Path, environments: Collection[str]) -> Schema:
    """The schema of a project, empty when it has none; `environments` are those that exist."""
    try:
        tables = tables_in((root / SOURCE).read_bytes())
    except FileNotFoundError:
        return Schema()
    except (ValueError, OSError) as error:  # of TOML or UTF-8, which say where and not what
        return Schema((), (f"{SOURCE}:1: cannot be read ({error}); correct it",))
    problems = tuple(
        f"{SOURCE}:1: {problem}"
        for name, table in tables.items()
        for problem in table_problems(name, table, environments)
    )
    return Schema((), problems) if problems else Schema(tuple(rule(*item) for item in tables.items()))


def tables_in(data: bytes) -> dict[str, Any]:
    """The tables of a TOML file. Raises ValueError when it is none."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(data.decode("utf-8"))


def rule(name: str, table: Mapping[str, Any]) -> Rule:
    """The rule in a table that has no problems."""
    fields: dict[str, Any] = {
        field: tuple(said) if isinstance(said, list) else said for field, said in table.items()
    }
    return Rule(name, **fields)


def table_problems(name: str, table: Any, environments: Collection[str]) -> Iterator[str]:
    """What is wrong with one key's table."""
    if not isinstance(table, dict):
        yield f"{name} is no table; write [{name}]"
        return
    if name.startswith("DEPLOY_"):
        yield f"[{name}] is a key of the tool, which knows its type; remove it"
    for field, value in table.items():
        if field not in FIELDS:
            yield f"[{name}] {field} is unknown; use {', '.join(FIELDS)}"
        elif not isinstance(value, FIELDS[field]):
            yield f"[{name}] {field} is not a {FIELDS[field].__name__}; correct it"
        elif isinstance(value, list) and not set(map(str, value)) <= set(environments):
            absent = sorted(set(map(str, value)) - set(environments))
            what = f"{field} names {', '.join(absent)}, which is no environment"
            yield f"[{name}] {what}; use {', '.join(environments)}"
    if table.get("type", "string") not in TYPES:
        yield f"[{name}] type is unknown; use one of {', '.join(TYPES)}"
    try:
        re.compile(str(table.get("pattern", "")))
    except re.error as error:
        yield f"[{name}] pattern is no regular expression ({error}); correct it"


def check(
    schema: Schema, environment: str, texts: Mapping[str, str], origins: Mapping[str, Origin]
) -> Iterator[str]:
    """What an environment's application keys, defaults included, do against the rules; never a value."""
    for rule in schema.rules:
        where = f"{origins.get(rule.name, f'environments/{environment}.env:1')}: {rule.name}"
        if rule.name in texts:
            yield from (
                f"{where} {problem}" for problem in value_problems(rule, environment, texts[rule.name])
            )
        elif rule.required or environment in rule.required_in:
            yield f"{where} is missing{rule.about}; set it"


def value_problems(rule: Rule, environment: str, text: str) -> Iterator[str]:
    """What is wrong with the value of one key."""
    if environment in rule.forbid_in:
        yield f"must not be set in {environment}{rule.about}; remove it"
    if not re.fullmatch(TYPES[rule.type], text):
        yield f"is not of type {rule.type}{rule.about}; correct it"
    if rule.pattern is not None and not re.fullmatch(rule.pattern, text):
        yield f"does not match its pattern in {SOURCE}{rule.about}; correct it"


def shared_secrets(
    schema: Schema, environment: str, texts: Mapping[str, str], others: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str]]:
    """(key, other environment) where both hold one value and must not."""
    for rule in schema.rules:
        if environment in rule.must_differ_between and rule.name in texts:
            yield from (
                (rule.name, other)
                for other in rule.must_differ_between
                if other != environment and others.get(other, {}).get(rule.name) == texts[rule.name]
            )
