"""The agent's program, and what starts it on a host."""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING

from ..shell import Command, command

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

BOOT = (
    "import sys,json,zlib;f=sys.stdin.buffer;"
    "SOURCES=json.loads(zlib.decompress(f.read(int(f.readline()))).decode());"
    "exec(SOURCES.pop('boot'))"
)


def agent_command(python: str) -> Command:
    """What starts an agent on a host; its program arrives over standard input."""
    return command(python, "-I", "-S", "-B", "-X", "utf8", "-c", BOOT)


@functools.lru_cache(maxsize=1)
def agent_program() -> bytes:
    """The agent's modules as one length-prefixed, compressed block."""
    texts = dict(sources(resources.files("deploytasks.remote"), "deploytasks.remote"))
    texts["boot"] = texts.pop("deploytasks.remote.agent.boot")
    packed = zlib.compress(json.dumps(texts).encode())
    return b"%d\n%b" % (len(packed), packed)


def sources(folder: Traversable, package: str) -> Iterator[tuple[str, str]]:
    """(dotted name, text) of every module below a folder, less its packages' own docstrings."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from sources(entry, f"{package}.{entry.name}")
        elif entry.name.endswith(".py") and entry.name != "__init__.py":
            yield f"{package}.{entry.name[:-3]}", entry.read_text("utf-8")
