"""The order in which Django would run migrations: that of `manage.py showmigrations --plan`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .graph import Graph
from .migration import Doubt, Key, Migration

MOST = 10
"""Circles that are told, and migrations of one."""


@dataclass(frozen=True)
class Order:
    """What Django would run where `applied` ran already."""

    keys: tuple[Key, ...]
    """All that nothing replaces, those that ran too."""
    applied: frozenset[Key]
    """With the replacements of which every part ran."""
    doubts: tuple[Doubt, ...]
    """What Django would refuse: a circle, two last migrations, a missing one. The order is a possible one then."""


def ordered(migrations: Mapping[Key, Migration], applied: Collection[Key] = ()) -> Order:
    """That of a tree's migrations. What other packages bring is not in the tree, and so not in the order."""
    by_key = dict(sorted(migrations.items()))
    graph = Graph(by_key)
    done = replace(graph, by_key, applied)
    leaves = [key for key in graph.leaves() if key in by_key]
    circles: list[tuple[Key, ...]] = []
    apps = {key.app for key in by_key}
    absent = [key for key in sorted(graph.parents) if key not in by_key and key.app in apps]
    rest = [key for key in by_key if key in graph.parents]
    keys = tuple(key for key in walked([*leaves, *rest], graph.parents, circles) if key in by_key)
    uncertain = {key.app for key, each in by_key.items() if each.doubts} | {key.app for key in absent}
    doubts = (*missing(absent, by_key), *conflicts(leaves, uncertain), *map(in_a_circle, circles))
    return Order(keys, done, doubts)


def walked(
    targets: Iterable[Key], before: Mapping[Key, Collection[Key]], circles: list[tuple[Key, ...]]
) -> Iterator[Key]:
    """Every target behind all that comes before it, in the order that Django's depth-first search has.

    What comes before itself goes to `circles`.
    """
    visited: set[Key] = set()
    entered: set[Key] = set()
    for target in targets:
        stack = [(target, False)]
        while stack:
            key, finished = stack.pop()
            if finished:
                visited.add(key)
                yield key
            elif key not in entered:
                entered.add(key)
                stack.append((key, True))
                stack += [(each, False) for each in sorted(before.get(key, ()))]
            elif key not in visited and len(circles) < MOST:
                way = [each for each, is_open in stack if is_open]
                circles.append(tuple(way[way.index(key) :]))


def replace(graph: Graph, migrations: Mapping[Key, Migration], applied: Collection[Key]) -> frozenset[Key]:
    """Let replacements stand for what they replace where all or nothing of that ran; what ran then is answered.

    One that is replaced in turn goes before the one that replaces it.
    """
    done = set(applied)
    inner = {key: migration.replaces for key, migration in migrations.items() if migration.replaces}
    for key in walked(inner, inner, []):
        if key not in inner or key not in graph.parents:
            continue
        wanted = parts(key, inner)
        ran = wanted & done
        done = done | {key} if ran == wanted else done - {key}
        if ran in (wanted, set()):
            graph.use(key, inner[key])
        else:
            graph.leave_out(key, inner[key])
    return frozenset(done)


def parts(key: Key, inner: Mapping[Key, Collection[Key]]) -> set[Key]:
    """What a replacement replaces in the end."""
    seen, open_keys = {key}, [key]
    while open_keys:
        fresh = set(inner.get(open_keys.pop(), ())) - seen
        seen |= fresh
        open_keys += fresh
    return {each for each in seen if each not in inner}


def missing(absent: Collection[Key], migrations: Mapping[Key, Migration]) -> Iterator[Doubt]:
    """Each migration that names one which no file has and no replacement stands for."""
    for migration in migrations.values() if absent else ():
        for key in (*migration.dependencies, *migration.run_before):
            if key in absent and not migration.doubts:
                what, cure = f"it names {key}, which is not there", "manage.py migrate will refuse: add it"
                yield Doubt("missing dependency", migration.path, what, cure)


def conflicts(leaves: Collection[Key], uncertain: Collection[str]) -> Iterator[Doubt]:
    """Apps of which two migrations are the last one, as two branches of development leave them."""
    for app in sorted({key.app for key in leaves}.difference(uncertain)):
        names = [key.name for key in leaves if key.app == app]
        if len(names) > 1:
            what = f"nothing joins its last migrations {', '.join(names[:MOST])}"
            yield Doubt("conflict", app, what, "run manage.py makemigrations --merge")


def in_a_circle(keys: tuple[Key, ...]) -> Doubt:
    way = " after ".join(map(str, (*keys[:MOST], *keys[:1])))
    return Doubt("cycle", str(keys[0]), f"it runs {way}", "manage.py migrate will refuse: mend a dependency")
