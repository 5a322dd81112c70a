"""Which files of a tree tell its migrations."""

from __future__ import annotations

import re
from collections.abc import Iterable

PACKAGE = "migrations"
APP_CONFIGS = ("apps.py", "apps/__init__.py")
NOT_SHIPPED_IN_A_WHEEL = re.compile(
    r"(^|/)vendor/[^/]+/(tests?|testing|examples?|demos?|docs?|sandbox)/", re.ASCII
)
SETTINGS = re.compile(r"(^|/)(settings\.py|settings/[^/]+\.py)$", re.ASCII)


def migration_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Those whose content `read_migrations` wants, sorted: the files of every `migrations` directory, the apps.py
    beside it, and the project's settings. What lies beside a vendored package's sources (its tests and examples) is
    left out.
    """
    ours = [path for path in paths if not NOT_SHIPPED_IN_A_WHEEL.search(path)]
    directories = {found for path in ours if (found := app_directory(path)) is not None}
    beside = {joined(directory, name) for directory in directories for name in APP_CONFIGS}
    wanted = (path for path in ours if app_directory(path) is not None or path in beside or is_settings(path))
    return tuple(sorted(set(wanted)))


def app_directory(path: str) -> str | None:
    """The directory of the app that a file of a `migrations` directory belongs to; None for another file."""
    directory, _, name = path.rpartition("/")
    app, _, last = directory.rpartition("/")
    return app if last == PACKAGE and name.endswith(".py") else None


def migration_name(path: str) -> str | None:
    """What Django calls the migration in a file of a `migrations` directory; None for one that Django passes over."""
    name = path.rpartition("/")[2].removesuffix(".py")
    return None if name[:1] in ("", "_", "~") or "." in name else name


def joined(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def is_settings(path: str) -> bool:
    """Whether it may hold the project's Django settings."""
    return bool(SETTINGS.search(path)) and "vendor" not in path.split("/")
