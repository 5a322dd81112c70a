"""Migration: what one file under `migrations/` says of itself, as values that nothing had to be run for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Flag = Literal["loses data", "may lose data", "cannot be reversed", "effect not known"]

LOSES: Flag = "loses data"
MAY_LOSE: Flag = "may lose data"
IRREVERSIBLE: Flag = "cannot be reversed"
UNKNOWN: Flag = "effect not known"

DoubtKind = Literal[
    "syntax",
    "encoding",
    "huge",
    "too much",
    "dynamic",
    "no migration",
    "not a package",
    "label",
    "same label",
    "missing dependency",
    "conflict",
    "cycle",
]


@dataclass(frozen=True, order=True)
class Key:
    """What Django calls a migration by: the label of its app and the name of its file. Sorts as Django sorts it."""

    app: str
    name: str

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


@dataclass(frozen=True)
class Doubt:
    """One thing that keeps migrations from being known ahead, or Django from running them."""

    kind: DoubtKind
    where: str
    """A path of the tree, with `:line` where there is one, or the label of an app."""
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.cure}"


@dataclass(frozen=True)
class Field:
    """A field of a model, as an operation defines it."""

    name: str
    kind: str
    """Its class: `CharField`, or with its module where that is not Django's `models`."""
    settings: tuple[tuple[str, str | None], ...]
    """Those that a database knows of, as they are written; None for one whose value depends on a name."""


@dataclass(frozen=True)
class Effect:
    """What one operation of a migration does."""

    summary: str
    """In words: `removes a column`."""
    operation: str = ""
    """Django's name of it, `RemoveField`; empty where that could not be read."""
    subject: str = ""
    """What it is done to, safe to print: `order.price`."""
    flags: tuple[Flag, ...] = ()
    state_only: bool = False
    """Whether it leaves the database alone, being one of SeparateDatabaseAndState's `state_operations`."""
    fields: tuple[Field, ...] = ()
    """What it defines."""

    def __str__(self) -> str:
        detail = " ".join(part for part in (self.operation, self.subject) if part)
        return f"{self.summary} ({detail})" if detail else self.summary


@dataclass(frozen=True)
class Migration:
    """One migration as its file has it."""

    key: Key
    path: str
    content: str
    """The file's id in git: the same wherever the same bytes are."""
    effects: tuple[Effect, ...] = ()
    """In the order in which they happen."""
    dependencies: tuple[Key, ...] = ()
    """As written: the name may be `__first__` or `__latest__`."""
    run_before: tuple[Key, ...] = ()
    replaces: tuple[Key, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    """What could not be read of this file."""
    meaning: str = field(default="", repr=False)
    """Equal where only the layout, comments, or the place in the order differ. To be compared within one process:
    each Python version has values of its own.
    """

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Those of its effects, each once."""
        return tuple(dict.fromkeys(flag for effect in self.effects for flag in effect.flags))
