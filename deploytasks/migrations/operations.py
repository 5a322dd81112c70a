"""The operations that Django has, and what each does to a database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .arguments import Arguments
from .literals import Names, text
from .migration import LOSES, MAY_LOSE, Flag

LONGEST = 60
"""Characters of a name that are shown."""


@dataclass(frozen=True)
class Known:
    """One of Django's operations."""

    summary: str
    subject: str
    """What it is done to, put together from parameters, which stand in the order of its constructor."""
    flags: tuple[Flag, ...] = ()
    defining: tuple[str, ...] = ()
    """The parameter that holds fields, right behind those."""

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.subject))

    def subject_of(self, given: Arguments, names: Names) -> str:
        shown = {parameter: named(text(given.get(parameter), names)) for parameter in self.parameters}
        return self.subject.format(**shown)


MODEL = "{name}"
OF_MODEL = "{model_name}"
MEMBER = "{model_name}.{name}"

OPERATIONS = {
    "CreateModel": Known("creates a table", MODEL, (), ("fields",)),
    "DeleteModel": Known("deletes a table", MODEL, (LOSES,)),
    "RenameModel": Known("renames a table", "{old_name} to {new_name}"),
    "AlterModelTable": Known("renames a table", "{name} to {table}"),
    "AlterModelTableComment": Known("comments on a table", MODEL),
    "AlterUniqueTogether": Known("changes what must be unique", MODEL),
    "AlterIndexTogether": Known("changes indexes", MODEL),
    "AlterOrderWithRespectTo": Known("changes the column that orders", MODEL, (MAY_LOSE,)),
    "AlterModelOptions": Known("changes no table", MODEL),
    "AlterModelManagers": Known("changes no table", MODEL),
    "AddField": Known("adds a column", MEMBER, (), ("field",)),
    "RemoveField": Known("removes a column", MEMBER, (LOSES,)),
    "AlterField": Known("changes a column", MEMBER, (MAY_LOSE,), ("field",)),
    "RenameField": Known("renames a column", "{model_name}.{old_name} to {new_name}"),
    "AddIndex": Known("adds an index", OF_MODEL),
    "RemoveIndex": Known("removes an index", MEMBER),
    "RenameIndex": Known("renames an index", "{model_name}.{new_name}"),
    "AddConstraint": Known("adds a constraint", OF_MODEL),
    "RemoveConstraint": Known("removes a constraint", MEMBER),
    "AlterConstraint": Known("changes a constraint", MEMBER),
    "AddIndexConcurrently": Known("adds an index", OF_MODEL),
    "RemoveIndexConcurrently": Known("removes an index", MEMBER),
    "AddConstraintNotValid": Known("adds a constraint", OF_MODEL),
    "ValidateConstraint": Known("checks a constraint", MEMBER),
    "CreateCollation": Known("creates a collation", MODEL),
    "RemoveCollation": Known("removes a collation", MODEL),
    "CreateExtension": Known("creates an extension", MODEL),
    **{
        f"{name}Extension": Known("creates an extension", "")
        for name in ("Bloom", "BtreeGin", "BtreeGist", "CIText", "Crypto", "HStore", "Trigram", "Unaccent")
    },
}
"""RunPython, RunSQL and SeparateDatabaseAndState, whose effect is in their arguments, are in effects.py."""

DESTROYING = re.compile(
    r"\b(drop\s+(?:table|column|schema|database|materialized\s+view)|truncate|delete\s+from)\b", re.IGNORECASE
)


def destroying(sql: str) -> str:
    """The words of a statement that take rows or columns away; empty where there are none."""
    match = DESTROYING.search(sql)
    return " ".join(match[1].upper().split()) if match else ""


def named(name: str | None) -> str:
    if name is None:
        return "?"
    short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return short if short.isprintable() else ascii(short)
