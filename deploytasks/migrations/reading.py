"""One file under `migrations/` becomes a Migration."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .body import LINKS, Body, body, meaning, migration_class
from .effects import UNREAD, effects
from .links import keys
from .literals import Names, names
from .migration import Doubt, Effect, Key, Migration
from .parsing import TOO_MUCH, Unreadable, content_id, parsed

NOT_READ = replace(UNREAD, summary="cannot be read")


def migration(path: str, key: Key, source: bytes, models: Mapping[str, str]) -> Migration | Doubt:
    """What a file says, with a doubt for each thing that it does not; a Doubt alone for one that is no migration.

    A file that cannot be read is a migration all the same, of unknown effect: nobody may be told that none comes.
    """
    content = content_id(source)
    blank = Migration(key, path, content, (NOT_READ,), meaning=content)
    module = parsed(source)
    if isinstance(module, Unreadable):
        return replace(blank, doubts=(module.doubt(path),))
    try:
        return of_module(module, blank, names(module, models))
    except (RecursionError, ValueError):
        return replace(blank, doubts=(TOO_MUCH.doubt(path),))


def of_module(module: ast.Module, blank: Migration, names: Names) -> Migration | Doubt:
    found = migration_class(module)
    if found is None:
        what, cure = "it has no class Migration, which Django demands", "move it out of migrations/"
        return Doubt("no migration", blank.path, what, cure)
    if not isinstance(found, ast.ClassDef):
        return replace(blank, doubts=(computed(blank.path, found.lineno, "class Migration is"),))
    said = body(module, found)
    linked = {name: keys(said.values(name), names) for name in LINKS}
    unread = [name for name in LINKS if not (said.is_fixed(name) and linked[name][1])]
    return replace(
        blank,
        effects=tuple(effects_of(said, names)),
        dependencies=linked["dependencies"][0],
        run_before=linked["run_before"][0],
        replaces=linked["replaces"][0],
        doubts=tuple(computed(blank.path, found.lineno, f"{name} are") for name in unread),
        meaning=meaning(module, found),
    )


def effects_of(said: Body, names: Names) -> Iterator[Effect]:
    for value in said.values("operations"):
        yield from effects(value, names)
    if not said.is_whole("operations"):
        yield UNREAD


def computed(path: str, line: int, what: str) -> Doubt:
    cure = "ask manage.py showmigrations --plan for the order"
    return Doubt("dynamic", f"{path}:{line}", f"its {what} known only when it is imported", cure)
