"""The agent's program, and what starts it on a host."""

from __future__ import annotations

import functools
import json
import zlib
from importlib import resources

from ..shell import Command, command

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
    texts = {
        f"deploytasks.remote.{entry.name[:-3]}": entry.read_text("utf-8")
        for entry in resources.files("deploytasks.remote").iterdir()
        if entry.name.endswith(".py") and entry.name != "__init__.py"
    }
    texts["boot"] = texts.pop("deploytasks.remote.boot")
    packed = zlib.compress(json.dumps(texts).encode())
    return b"%d\n%b" % (len(packed), packed)
