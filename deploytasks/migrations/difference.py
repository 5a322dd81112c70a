"""What comes, changes and goes between the migrations of two trees."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from .columns import settled
from .migration import IRREVERSIBLE, UNKNOWN, Doubt, Key, Migration
from .order import Order, ordered
from .tree import Migrations

Part = Literal["effect", "place", "layout"]


@dataclass(frozen=True)
class Changed:
    """A migration that both trees have, with different files. What it did where it ran stays as it was."""

    migration: Migration
    before: Migration
    part: Part
    """What differs: what it does; only where it stands (dependencies, replaces); only layout and comments."""


@dataclass(frozen=True)
class Reversal:
    """How to take back, before the old tree is left, what the new tree does not know of one app."""

    app: str
    to: str
    """The migration to go back to, `zero` where there is none."""
    possible: bool
    """Whether each of them can be reversed."""

    def __str__(self) -> str:
        return f"manage.py migrate {self.app} {self.to}"


@dataclass(frozen=True)
class Difference:
    """From an old tree, whose migrations all ran, to a new one. In the order of `manage.py showmigrations --plan`."""

    added: tuple[Migration, ...] = ()
    """What will run."""
    changed: tuple[Changed, ...] = ()
    removed: tuple[Migration, ...] = ()
    """What ran and the new tree does not know: of a rollback, what its target does not know."""
    reversals: tuple[Reversal, ...] = ()
    """Of what was removed, last app first."""
    doubts: tuple[Doubt, ...] = ()
    """What cannot be told, or Django would refuse, of the new tree, unless the old one had it too."""

    def apps(self) -> dict[str, Difference]:
        """The same by label, sorted, without the doubts."""
        every = (*self.added, *(each.migration for each in self.changed), *self.removed)
        return {app: self.of_app(app) for app in sorted({each.key.app for each in every})}

    def of_app(self, app: str) -> Difference:
        return Difference(
            tuple(each for each in self.added if each.key.app == app),
            tuple(each for each in self.changed if each.migration.key.app == app),
            tuple(each for each in self.removed if each.key.app == app),
            tuple(each for each in self.reversals if each.app == app),
        )


def difference(old: Migrations, new: Migrations) -> Difference:
    """What a database on which all of `old` ran has before it with `new`."""
    ran, known = recorded(old), recorded(new)
    coming, left = ordered(new.by_key(), ran), ordered(old.by_key(), ran)
    arriving, leaving = in_order(new, coming), in_order(old, left)
    removed = tuple(each for each in leaving if is_unknown(each, known))
    return Difference(
        tuple(each for each in arriving if each.key not in coming.applied),
        tuple(changes(old, new, coming)),
        removed,
        tuple(reversals(removed, coming, ran)),
        doubts(old, left, new, coming),
    )


def in_order(tree: Migrations, order: Order) -> Iterator[Migration]:
    migrations = tree.by_key()
    return settled(migrations[key] for key in order.keys)


def recorded(tree: Migrations) -> frozenset[Key]:
    """The names in the database's table once all of a tree ran: a replacement leaves those that it replaces too."""
    return frozenset(key for migration in tree.migrations for key in (migration.key, *migration.replaces))


def is_unknown(migration: Migration, known: Collection[Key]) -> bool:
    """Whether a tree that knows these names has not what it did: neither itself, nor all the parts that it replaces."""
    parts = migration.replaces
    return migration.key not in known and not (parts and all(part in known for part in parts))


def changes(old: Migrations, new: Migrations, coming: Order) -> Iterator[Changed]:
    """In the new order, with what is replaced in it at the end."""
    before, after = old.by_key(), new.by_key()
    for key in dict.fromkeys((*coming.keys, *after)):
        if key in before and before[key].content != after[key].content:
            yield Changed(after[key], before[key], part(before[key], after[key]))


def part(before: Migration, after: Migration) -> Part:
    if before.meaning != after.meaning:
        return "effect"
    links = [(each.dependencies, each.run_before, each.replaces) for each in (before, after)]
    return "place" if links[0] != links[1] else "layout"


def reversals(removed: Collection[Migration], coming: Order, ran: Collection[Key]) -> Iterator[Reversal]:
    for app in dict.fromkeys(migration.key.app for migration in reversed(tuple(removed))):
        kept = [key.name for key in coming.keys if key.app == app and key in ran]
        flags = {flag for each in removed if each.key.app == app for flag in each.flags}
        yield Reversal(app, kept[-1] if kept else "zero", not flags & {IRREVERSIBLE, UNKNOWN})


def doubts(old: Migrations, left: Order, new: Migrations, coming: Order) -> tuple[Doubt, ...]:
    before = {*old.doubts, *left.doubts, *(doubt for each in old.migrations for doubt in each.doubts)}
    now = (*new.doubts, *coming.doubts, *(doubt for each in new.migrations for doubt in each.doubts))
    return tuple(dict.fromkeys(doubt for doubt in now if doubt not in before))
