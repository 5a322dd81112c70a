"""What a Django project's own files say of it, read without running them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET_KEY = re.compile(r"(environ|getenv|env|config)\b.{0,40}SECRET_KEY")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
MOST = 1_000_000
"""Bytes of a settings file; what is larger is none."""


@dataclass(frozen=True)
class Django:
    """A project that has a manage.py of Django's."""

    settings: str = ""
    """The settings module that manage.py names; empty when it names none."""
    wsgi: str = ""
    """The module with the application that a server runs."""
    static_root: bool = False
    media_root: bool = False
    reads_secret_key: bool = False


def django_of(root: Path) -> Django | None:
    """The Django project at `root`, None when it is none."""
    manage = text_of(root / "manage.py")
    if "django" not in manage:
        return None
    settings = next(filter(MODULE.fullmatch, settings_modules(manage)), "")
    said = "\n".join(text_of(path) for path in sorted(settings_files(root, settings)))
    package = settings.partition(".")[0]
    return Django(
        settings,
        f"{package}.wsgi" if package and (root / package / "wsgi.py").is_file() else "",
        bool(re.search(r"^\s*STATIC_ROOT\s*=", said, re.MULTILINE)),
        bool(re.search(r"^\s*MEDIA_ROOT\s*=", said, re.MULTILINE)),
        bool(SECRET_KEY.search(said)),
    )


def settings_modules(text: str) -> Iterator[str]:
    """What `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)` sets."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            literals = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if literals[:1] == ["DJANGO_SETTINGS_MODULE"] and len(literals) == 2:
                yield str(literals[1])


def settings_files(root: Path, module: str) -> Iterator[Path]:
    """The file of a settings module, or those of its package."""
    place = root.joinpath(*module.split(".")) if module else root / "settings"
    if place.is_dir():
        yield from place.glob("*.py")
    elif place.parent.name == "settings" and place.parent.is_dir():
        yield from place.parent.glob("*.py")
    yield place.with_suffix(".py")


def text_of(path: Path) -> str:
    """The text of a file; empty for one that is not there, is too large, or is no text."""
    try:
        return path.read_text("utf-8") if path.is_file() and path.stat().st_size < MOST else ""
    except (OSError, ValueError):
        return ""
