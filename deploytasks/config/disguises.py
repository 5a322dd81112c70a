"""The forms in which programs print a text: quoted, escaped, encoded, line by line."""

from __future__ import annotations

import base64
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterator

SPECIAL = re.compile(r"[ \t'\"\\`|&;()<>!{}*\[\]?^$,]")
ANSI_C = {byte: f"\\{byte:03o}" for byte in range(256) if not 32 <= byte < 127}
ANSI_C |= {byte: f"\\{letter}" for byte, letter in zip(b"\a\b\t\n\v\f\r\x1b'\\", "abtnvfrE'\\", strict=True)}
HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def disguises(text: str) -> frozenset[str]:
    """Every form of `text` and of each of its lines, `text` itself included."""
    pieces = {text, text.strip(), *map(str.strip, text.splitlines())}
    writings = (escaped, url_encoded, base64_encoded)
    return frozenset(form for piece in pieces for write in writings for form in write(piece))


def escaped(text: str) -> Iterator[str]:
    """As shells, Python, JSON and HTML write it, without the outer quotes."""
    yield text
    yield shlex.quote(text)
    yield text.replace("'", "'\\''")
    yield SPECIAL.sub(r"\\\g<0>", text)
    yield text.encode("utf-8", "surrogateescape").decode("latin-1").translate(ANSI_C)
    yield text.replace("\\", "\\\\").replace('"', '\\"')
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.translate(HTML)


def url_encoded(text: str) -> Iterator[str]:
    """Percent-encoded, with digits in either case."""
    raw = text.encode("utf-8", "surrogateescape")
    for form in (urllib.parse.quote(raw, safe=""), urllib.parse.quote(raw), urllib.parse.quote_plus(raw)):
        yield form
        yield re.sub("%..", lambda code: code[0].lower(), form)


def base64_encoded(text: str) -> Iterator[str]:
    """In both alphabets, alone and as a part of a longer text, less the ends that it shares with the rest."""
    raw = text.encode("utf-8", "surrogateescape")
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for skipped in range(3):
        whole = base64.b64encode(b"\0" * skipped + raw).decode()
        shared_end = (0, 3, 2)[(skipped + len(raw)) % 3]
        form = whole[(0, 2, 3)[skipped] : len(whole) - shared_end]
        yield form
        yield form.translate(str.maketrans("+/", "-_"))
