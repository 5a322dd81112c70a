"""Python source becomes a syntax tree, or the reason why it does not. Nothing of it is run."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from dataclasses import dataclass
from hashlib import sha1

from .migration import Doubt, DoubtKind

LARGEST = 2**20
"""Bytes of a file that is still read: three times the largest migration of the packages that the tests install."""


@dataclass(frozen=True)
class Unreadable:
    """Why a file has no syntax tree."""

    kind: DoubtKind
    what: str
    cure: str
    line: int = 0

    def doubt(self, path: str) -> Doubt:
        return Doubt(self.kind, f"{path}:{self.line}" if self.line else path, self.what, self.cure)


TOO_MUCH = Unreadable("too much", "it is nested deeper than is read", "look at it yourself")


def as_bytes(source: str | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")


def content_id(source: bytes) -> str:
    """What git calls these bytes."""
    return sha1(b"blob %d\0" % len(source) + source, usedforsecurity=False).hexdigest()


def parsed(source: bytes) -> ast.Module | Unreadable:
    """The syntax tree, whatever the bytes are."""
    if len(source) > LARGEST:
        what = f"it has {len(source) / 2**20:.1f} MiB, and files over {LARGEST >> 20} MiB are not read"
        return Unreadable("huge", what, "look at it yourself")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return Unreadable("encoding", "it is not UTF-8, nor what its first lines declare", "save it as UTF-8")
    try:
        return tree(text)
    except SyntaxError as error:
        return not_python(error.msg, error.lineno or 0)
    except ValueError as error:  # Python 3.10 has one for a null byte
        return not_python(str(error), 0)
    except (RecursionError, MemoryError):
        return TOO_MUCH


def tree(text: str) -> ast.Module:
    """Without the warnings that Python has about a file's escapes, which would go to stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def not_python(why: str, line: int) -> Unreadable:
    version = "{}.{}".format(*sys.version_info)
    cure = "mend it: manage.py does not start with it"
    return Unreadable("syntax", f"it is not Python {version} ({why})", cure, line)
