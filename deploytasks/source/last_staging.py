"""What stagings leave in the cache for later ones: how the tree was left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..remote.tree.unchanged import MOST_AT_ONCE, STAT, divided, expected, full_marks
from .manifest import Manifest

PIECE = 65536
Sources = dict[str, list[int]]
"""{path: what changes when a file of the work tree does}; empty for a commit."""


@dataclass(frozen=True)
class Left:
    """How a staging left the tree: what it was made of, what it holds, and the mark of each entry (remote/scan.py)."""

    name: str = ""
    """Says all that is staged, where that never changes; else empty."""
    manifest: Manifest = field(default_factory=lambda: Manifest({}))
    marks: Mapping[str, str] = field(default_factory=dict)
    proofs: Mapping[str, str] = field(default_factory=dict)
    """{directory: its full mark}"""
    sources: Sources = field(default_factory=dict)


class Memory:
    """What is kept of a tree in a directory of its own.

    Its files: `left.json`, the head; the `manifest`; `marks.json`; and as `names.N` and `told.N`, what `stat` is to be
    asked and will say while nobody touches the tree. Those are read as streams: what is kept may be large.
    """

    def __init__(self, place: Path) -> None:
        self.place, self._head = place, head(place)

    @property
    def name(self) -> str:
        """The name of what was staged; empty when nothing is known."""
        name: str = self._head.get("name", "")
        return name

    def confirms(self, tree: Path) -> bool:
        """Whether a tree is as it was left."""
        roots, parts = self._head.get("roots"), self._head.get("parts")
        if (
            not isinstance(roots, list)
            or not isinstance(parts, list)
            or not set(os.listdir(tree)).issubset(roots)
        ):
            return False
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            return all(pool.map(lambda number: self._says(tree, number), range(len(parts))))

    def _says(self, tree: Path, number: int) -> bool:
        """Whether `stat` says of a part of a tree what it should."""
        names, told = self.place / f"names.{number}", self.place / f"told.{number}"
        try:
            with names.open("rb") as asked, told.open("rb") as answer:
                return self._head["parts"][number] == sizes(asked, answer) and says(tree, asked, answer)
        except OSError:
            return False

    def manifest(self) -> Manifest | None:
        """What the tree holds; None when that was not kept whole."""
        try:
            found = Manifest(data=(self.place / "manifest").read_bytes())
        except OSError:
            return None
        return found if found.digest == self._head.get("digest") else None

    def left(self) -> Left:
        """All that is known; nothing when the last staging was killed or never ran, or it is damaged."""
        try:
            manifest = self.manifest()
            marks, proofs, sources = json.loads((self.place / "marks.json").read_text("ascii"))
            if manifest is None or not all(isinstance(one, dict) for one in (marks, proofs, sources)):
                return Left()
            return Left(self.name, manifest, marks, proofs, sources)
        except (OSError, ValueError, TypeError):
            return Left()

    def forget(self) -> None:
        """Nothing is known any more: the tree is about to change."""
        shutil.rmtree(self.place, ignore_errors=True)
        self._head = {}

    def rename(self, name: str) -> None:
        """What holds the same has another name now."""
        with suppress(OSError):
            write_whole(self.place / "left.json", json.dumps({**self._head, "name": name}).encode())

    def keep(self, left: Left) -> None:
        """Keep for the next staging, all of it or nothing; where that cannot be, it looks for itself."""
        new = self.place.with_name(f"{self.place.name}.new")
        with suppress(OSError):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            written = {"name": left.name, "digest": left.manifest.digest, **self._asked(new, left)}
            (new / "manifest").write_bytes(left.manifest.data)
            (new / "marks.json").write_text(json.dumps([left.marks, left.proofs, left.sources]), "ascii")
            (new / "left.json").write_text(json.dumps(written), "ascii")
            shutil.rmtree(self.place, ignore_errors=True)
            new.rename(self.place)

    def _asked(self, place: Path, left: Left) -> dict[str, Any]:
        """Write what `stat` is to be asked, where that can tell at all; answers what the head says of it."""
        full = full_marks(left.marks, left.proofs)
        if full is None or any(mark[0] == "d" and mark != "d755" for mark in left.marks.values()):
            return {}
        sized = []
        for number, part in enumerate(divided(list(full))):
            asked, answer = os.fsencode("\0".join(part)), expected(part, full)
            (place / f"names.{number}").write_bytes(asked)
            (place / f"told.{number}").write_bytes(answer)
            sized.append([len(asked), len(answer)])
        return {"roots": sorted(path for path in full if "/" not in path), "parts": sized}


def sizes(*files: Any) -> list[int]:
    """The bytes of open files: after a power failure one may be there and be empty."""
    return [os.fstat(file.fileno()).st_size for file in files]


def says(tree: Path, asked: Any, answer: Any) -> bool:
    """Whether `stat`, asked for the names in one file, says what is in another."""
    process = subprocess.Popen(
        STAT,
        cwd=tree,
        env={**os.environ, "LC_ALL": "C"},
        stdin=asked,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout as output:
        same = all(piece == answer.read(len(piece)) for piece in iter(lambda: output.read(PIECE), b""))
    return process.wait() == 0 and same and not answer.read(1)


def head(place: Path) -> dict[str, Any]:
    """What the head of a memory says; {} where there is none, or a damaged one."""
    try:
        found = json.loads((place / "left.json").read_text("ascii"))
        whole = isinstance(found, dict) and isinstance(found.get("name"), str)
        return found if whole and isinstance(found.get("digest"), str) else {}
    except (OSError, ValueError):
        return {}


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file at once."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)
