"""The graph that Django makes of migrations: who comes before whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .migration import Key, Migration

FIRST, LATEST = "__first__", "__latest__"


class Graph:
    """Arrows between migrations, in both directions.

    A name that is depended on and that no file has is in it too: a replacement may come to stand for it.
    """

    def __init__(self, migrations: Mapping[Key, Migration]) -> None:
        self.parents: dict[Key, set[Key]] = {key: set() for key in migrations}
        self.children: dict[Key, set[Key]] = {key: set() for key in migrations}
        for key, migration in migrations.items():
            for parent in migration.dependencies:
                if parent.app == key.app and parent.name != FIRST:
                    self.add(key, parent)
        self.ends = {**ends(self.parents, FIRST), **ends(self.children, LATEST)}
        for key, migration in migrations.items():
            for parent in migration.dependencies:
                if parent.app != key.app and (meant := self.meant(parent, key.app)):
                    self.add(key, meant)
            for child in migration.run_before:
                if meant := self.meant(child, key.app):
                    self.add(meant, key)

    def meant(self, key: Key, app: str) -> Key | None:
        """What a migration of `app` means by a key; None for the first or last of its own app, or of an unknown one."""
        if key.name not in (FIRST, LATEST) or key in self.parents:
            return key
        return self.ends.get(key) if key.app != app else None

    def add(self, child: Key, parent: Key) -> None:
        for key in (child, parent):
            self.parents.setdefault(key, set())
            self.children.setdefault(key, set())
        self.parents[child].add(parent)
        self.children[parent].add(child)

    def remove(self, key: Key) -> tuple[set[Key], set[Key]]:
        """Take a migration out; what came before it and after it is answered."""
        parents, children = self.parents.pop(key), self.children.pop(key)
        for child in children - {key}:
            self.parents[child].discard(key)
        for parent in parents - {key}:
            self.children[parent].discard(key)
        return parents - {key}, children - {key}

    def use(self, replacement: Key, replaced: Collection[Key]) -> None:
        """Let a replacement stand where what it replaces stood."""
        gone = set(replaced) - {replacement}
        for key in gone & self.parents.keys():
            parents, children = self.remove(key)
            for child in children - gone:
                self.add(child, replacement)
            for parent in parents - gone:
                self.add(replacement, parent)

    def leave_out(self, replacement: Key, replaced: Collection[Key]) -> None:
        """Let the last of what it replaces stand where a replacement stood."""
        there = set(replaced) & self.parents.keys() - {replacement}
        last = there - {parent for key in there for parent in self.parents[key]}
        _, children = self.remove(replacement)
        for child in children:
            for key in last:
                self.add(child, key)

    def leaves(self) -> Iterable[Key]:
        """Those that nothing of their own app follows, sorted."""
        return sorted(
            key for key, after in self.children.items() if all(each.app != key.app for each in after)
        )


def ends(arrows: Mapping[Key, Collection[Key]], name: str) -> dict[Key, Key]:
    """{(app, name): the first key of that app from which no arrow leads to its own app}."""
    found: dict[Key, Key] = {}
    for key, others in arrows.items():
        if all(other.app != key.app for other in others):
            end = Key(key.app, name)
            found[end] = min(key, found.get(end, key))
    return found
