"""The migrations of a tree, from the contents of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .app import label
from .files import PACKAGE, app_directory, joined, migration_name
from .migration import Doubt, Key, Migration
from .parsing import as_bytes, content_id
from .reading import migration
from .swapped import models

DJANGO_ITSELF = "/django/db"
"""Its `migrations` is what migrations are made with."""


@dataclass(frozen=True)
class Migrations:
    """All that a tree holds, sorted by key."""

    migrations: tuple[Migration, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    """About the tree; those about a file are with its migration."""
    models: Mapping[str, str] = field(default_factory=dict)
    """What its settings put in another model's place, e.g. AUTH_USER_MODEL."""

    def by_key(self) -> dict[Key, Migration]:
        return {migration.key: migration for migration in self.migrations}


def read_migrations(files: Mapping[str, str | bytes], *, alike: Migrations | None = None) -> Migrations:
    """Those of a tree, from its files by path (`migration_files` picks them); never raises, whatever is in them.

    What is as in `alike` is taken from there instead of being read again.
    """
    sources = {path: as_bytes(source) for path, source in files.items()}
    swapped = models(sources)
    known = {(each.path, each.key, each.content): each for each in alike.migrations} if alike else {}
    reusable = known if alike and alike.models == swapped else {}
    apps, doubts = labelled(sources)
    read = {
        key: reusable.get((path, key, content_id(sources[path])))
        or migration(path, key, sources[path], swapped)
        for key, path in sorted(placed(sources, apps))
    }
    found = tuple(each for each in read.values() if isinstance(each, Migration))
    return Migrations(found, (*doubts, *strangers(read)), swapped)


def strangers(read: Mapping[Key, Migration | Doubt]) -> Iterator[Doubt]:
    """Files that are no migrations and stand among some: alone they are code of another kind in a `migrations`."""
    apps = {key.app for key, each in read.items() if isinstance(each, Migration)}
    yield from (each for key, each in read.items() if isinstance(each, Doubt) and key.app in apps)


def placed(sources: Mapping[str, bytes], apps: Mapping[str, str]) -> Iterator[tuple[Key, str]]:
    """Every file that Django takes for a migration."""
    for path in sources:
        name, directory = migration_name(path), app_directory(path)
        if name and directory is not None and directory in apps:
            yield Key(apps[directory], name), path


def labelled(sources: Mapping[str, bytes]) -> tuple[dict[str, str], list[Doubt]]:
    """{directory: label of its app}, each label once, and what is wrong with the others."""
    doubts: list[Doubt] = []
    directories: dict[str, str] = {}
    for directory in sorted(packages(sources, doubts), key=nearness):
        name, doubt = label(directory, sources)
        doubts += [doubt] if doubt else []
        if name in directories:
            what = f"it is the label of {directories[name]} and of {directory}, and only the first is read"
            doubts.append(Doubt("same label", name, what, "look at the other yourself if it is installed"))
        elif name:
            directories[name] = directory
    return {directory: name for name, directory in directories.items()}, doubts


def packages(sources: Mapping[str, bytes], doubts: list[Doubt]) -> set[str]:
    """Directories of apps whose `migrations` Django looks into, which takes an `__init__.py` there."""
    found = {path: directory for path in sources if (directory := app_directory(path)) is not None}
    looked_into = {found[path] for path in found if path.endswith("/__init__.py")}
    for directory in sorted(set(found.values()) - looked_into):
        if any(found[path] == directory and b"class Migration(" in sources[path] for path in found):
            where, what = joined(directory, PACKAGE), "it has no __init__.py, so that Django passes over it"
            doubts.append(Doubt("not a package", where, what, f"add {where}/__init__.py"))
    return looked_into - {each for each in looked_into if f"/{each}".endswith(DJANGO_ITSELF)}


def nearness(directory: str) -> tuple[bool, int, str]:
    """The project's own first, and what lies deep in a tree last."""
    return "vendor" in directory.split("/"), directory.count("/"), directory
