"""Staging: a cached directory that holds exactly what ships, brought up to date file by file.

Contents come from git's objects, never through checkout, so that no attribute, filter or line-end setting alters a
byte. A file stays as it is (inode and times too) while its blob and its own lstat are what the last staging left.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any

from .. import git
from ..environment import Environment
from ..vendor import Dependency
from . import listing
from .listing import Wanted
from .manifest import EXECUTABLE, LINK, Entry, Manifest
from .revision import Revision

Known = dict[str, list[Any]]
"""{path: [git mode, id, size, mtime_ns, ctime_ns, source signature]} as the last staging left the tree."""


@dataclass(frozen=True)
class Tree:
    """A staged revision: `path` holds exactly what `staged` lists."""

    path: Path
    revision: Revision
    manifest: Manifest
    """What ships."""
    staged: Manifest
    """What ships, and what DEPLOY_EXCLUDE keeps from the hosts."""
    dependencies: tuple[Dependency, ...] = ()
    dirty: bool = False

    @property
    def digest(self) -> str:
        return self.manifest.digest


def cache_root(process: Mapping[str, str]) -> Path:
    """The user's private cache of deploytasks."""
    base = process.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "deploytasks"


@contextmanager
def stage(
    environment: Environment,
    revision: Revision,
    *,
    dependencies: Sequence[Dependency],
    cache: Path | None = None,
) -> Iterator[Tree]:
    """The staged tree of a revision; nobody else touches it until the block ends: each run at one time has its own."""
    name = hashlib.sha256(str(environment.root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    base = cache or cache_root(os.environ)
    with free_place(base / "trees" / name / environment.name) as place:
        base.chmod(0o700)
        commit = environment.settings.source == "commit"
        wanted = (
            listing.of_commit(environment.root, revision.commit, dependencies, place / "listings")
            if commit
            else listing.of_work_tree(environment.root, dependencies)
        )
        manifest = staged = bring_up_to_date(place, wanted)
        if environment.settings.exclude:
            kept = listing.kept_by_rsync(place / "tree", environment.settings.exclude)
            manifest = Manifest({path: entry for path, entry in manifest.entries.items() if path in kept})
        yield Tree(place / "tree", revision, manifest, staged, tuple(dependencies))


@contextmanager
def free_place(parent: Path) -> Iterator[Path]:
    """The first directory below `parent` that no other run is using, ours for the length of a block."""
    for number in count(1):
        place = parent / str(number)
        place.mkdir(0o700, parents=True, exist_ok=True)
        with (place / "lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield place
            return


def bring_up_to_date(place: Path, wanted: Mapping[str, Wanted]) -> Manifest:
    """Make `place`/tree hold exactly `wanted`, and remember how it was left."""
    tree, memory = place / "tree", place / "state.json"
    tree.mkdir(exist_ok=True)
    known = recalled(memory)
    found, directories = scan(tree)
    now: Known = {}
    stale: list[str] = []
    for path, want in wanted.items():
        before = known.get(path)
        if before is not None and path in found and unchanged(want, before, found[path]):
            now[path] = before
        else:
            stale.append(path)
    if stale or len(found) != len(wanted):
        memory.unlink(missing_ok=True)
        clear(tree, found, directories, wanted)
        now.update(write_all(tree, {path: wanted[path] for path in stale}))
    if now != known:
        temporary = place / "state.json.new"
        temporary.write_text(json.dumps(now, separators=(",", ":")), "ascii")
        temporary.replace(memory)
    return Manifest({path: Entry(now[path][0], now[path][2], now[path][1]) for path in sorted(now)})


def recalled(memory: Path) -> Known:
    """What the last staging left; empty when it was killed or never ran."""
    try:
        known: Known = json.loads(memory.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return known


def unchanged(want: Wanted, before: Sequence[Any], status: os.stat_result) -> bool:
    """Whether the staged file is still what is wanted, and nobody touched it."""
    if [status.st_size, status.st_mtime_ns, status.st_ctime_ns] != before[2:5] or want.mode != before[0]:
        return False
    return bool(want.id == before[1] if want.id else source_signature(want) == before[5])


def source_signature(want: Wanted) -> list[int]:
    """What changes when a file of the work tree does."""
    status = os.lstat(want.origin / want.name)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def scan(tree: Path) -> tuple[dict[str, os.stat_result], list[str]]:
    """Every file or link below `tree` with its lstat, and every directory."""
    from ..remote.scan import walk

    found: tuple[dict[str, os.stat_result], list[str]] = walk(str(tree))
    return found


def clear(tree: Path, found: Iterable[str], directories: Iterable[str], wanted: Mapping[str, Wanted]) -> None:
    """Remove files that are not wanted, and directories that hold nothing wanted."""
    needed = {parent for path in wanted for parent in parents(path)}
    for path in found:
        if path not in wanted:
            (tree / path).unlink()
    for path in directories:
        if path not in needed and (tree / path).exists():
            shutil.rmtree(tree / path)


def parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def write_all(tree: Path, stale: Mapping[str, Wanted]) -> Known:
    """Write files afresh; answers how each was left."""
    left: Known = {}
    for origin, group in groupby(
        sorted(stale.items(), key=lambda item: str(item[1].origin)), lambda item: item[1].origin
    ):
        items = list(group)
        contents = (
            blobs(origin, [want.id for _, want in items])
            if items[0][1].id
            else (from_disk(want) for _, want in items)
        )
        for (path, want), data in zip(items, contents, strict=True):
            left[path] = write(tree / path, want, data)
    return left


def from_disk(want: Wanted) -> bytes:
    """The content of a file (or the target of a link) of the work tree."""
    source = want.origin / want.name
    return os.fsencode(os.readlink(source)) if want.mode == LINK else source.read_bytes()


def blobs(git_dir: Path, ids: Sequence[str]) -> Iterator[bytes]:
    """The contents of blobs, in order, from one git process."""
    words = ("git", *git.inside(git_dir), "cat-file", "--batch")
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=git.clean_environment(os.environ)
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        for blob in ids:
            process.stdin.write(blob.encode("ascii") + b"\n")
            process.stdin.flush()
            head = process.stdout.readline().split()
            if len(head) != 3:
                raise git.GitFailed(words[2:], git_dir, 1, f"object {blob} is missing")
            yield process.stdout.read(int(head[2]))
            process.stdout.read(1)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()


def write(path: Path, want: Wanted, data: bytes) -> list[Any]:
    """Put one file or link where it belongs; answers how it was left."""
    path.parent.mkdir(0o755, parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    if want.mode == LINK:
        os.symlink(data, os.fsencode(path))
    else:
        path.write_bytes(data)
        path.chmod(0o755 if want.mode == EXECUTABLE else 0o644)
    status = os.lstat(path)
    source = [] if want.id else source_signature(want)
    blob = want.id or hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return [want.mode, blob, status.st_size, status.st_mtime_ns, status.st_ctime_ns, source]
