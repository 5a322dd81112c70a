"""Python's bytecode of this package, which an installer may not have written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Bytecode of what the block imports is kept, as Python does by itself; then as before.

    `fab` and `inv` switch that off (their --write-pyc), for no fabfile is to leave a trace: without this, our own
    modules would be compiled in every run when neither pip nor `uv --compile-bytecode` has installed them, and a deploy
    that changes nothing, or env.show, would take 1.13 times as long.
    """
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
