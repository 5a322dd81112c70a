"""Trees with migrations, written down shortly."""

from __future__ import annotations

from collections.abc import Mapping

from deploytasks.migrations import Migration, Migrations, read_migrations

HEAD = "from django.conf import settings\nfrom django.db import migrations, models\n\n\n"


def source(operations: str = "", after: str = "", **attributes: str) -> str:
    """A migration file. `after` names what it depends on, `shop.0001_a shop.0002_b`."""
    pairs = [tuple(key.split(".")) for key in after.split()]
    lines = {"dependencies": repr(pairs), **attributes, "operations": f"[{operations}]"}
    body = "".join(f"    {name} = {value}\n" for name, value in lines.items())
    return f"{HEAD}class Migration(migrations.Migration):\n{body}"


def tree(files: Mapping[str, str | bytes], **beside: str) -> Migrations:
    """Read from {"shop.0001_a": source}; each app is a package of its name at the top. `beside` are other files."""
    placed = {
        f"{app}/migrations/{name}.py": text for key, text in files.items() for app, name in [key.split(".")]
    }
    packages = {f"{key.split('.')[0]}/migrations/__init__.py": "" for key in files}
    return read_migrations({**packages, **placed, **beside})


def read(text: str | bytes) -> Migration:
    """The one migration of a tree, shop.0001_a."""
    (only,) = tree({"shop.0001_a": text}).migrations
    return only
