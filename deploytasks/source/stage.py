"""Staging: a cached directory that holds exactly what ships, brought up to date file by file.

Contents come from git's objects, never through checkout, so that no attribute, filter or line-end setting alters a
byte. A file stays as it is (inode and times too) while its blob and its mark (remote/scan.py) are what the last
staging left.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, groupby
from pathlib import Path

from .. import git
from ..cache import cache_root
from ..environment import Environment
from ..remote.manifest import lasting_marks, unchanged
from ..remote.scan import directories, look, mark_of, moved, parents
from ..vendor import Dependency
from . import listing
from .listing import Wanted
from .manifest import EXECUTABLE, LINK, Entry, Manifest, read_line
from .memory import Left, keep_manifest, known_lines, recalled, remember
from .revision import Revision

FORMAT = 1
"""To be raised when the same commits are staged otherwise."""


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

    def since(self, digest: str) -> dict[str, Entry | None] | None:
        """What ships otherwise than in the tree of a digest, None for what ships no more. None if that is not known."""
        if digest == self.digest:
            return {}
        former, now = known_lines(self.path.parent, digest), self.manifest.lines
        if former is None:
            return None
        gone = {path: None for path, _ in map(read_line, former.difference(now))}
        return {**gone, **dict(map(read_line, set(now) - former))}


@contextmanager
def stage(
    environment: Environment,
    revision: Revision,
    *,
    dependencies: Sequence[Dependency],
    cache: Path | None = None,
    told: Callable[[bool], None] = lambda news: None,
) -> Iterator[Tree]:
    """The staged tree of a revision; nobody else touches it until the block ends: each run at one time has its own.

    `told` hears early whether it is known to be another tree than the last time.
    """
    project = hashlib.sha256(str(environment.root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    base = cache or cache_root(os.environ)
    with ExitStack() as stack:
        place = stack.enter_context(free_place(base / "trees" / project / environment.name))
        base.chmod(0o700)
        root, commit = environment.root, revision.commit
        if environment.settings.source == "commit":
            name = json.dumps([FORMAT, commit, *([one.path, one.commit] for one in dependencies)])
            listed = partial(listing.of_commit, root, commit, dependencies)
        else:
            name, listed = "", partial(listing.of_work_tree, root, dependencies)
        background = stack.enter_context(ThreadPoolExecutor(1))
        manifest = staged = bring_up_to_date(place, name, listed, told, background)
        if environment.settings.exclude:
            kept = listing.kept_by_rsync(place / "tree", environment.settings.exclude)
            manifest = Manifest({path: entry for path, entry in manifest.entries.items() if path in kept})
        keep_manifest(place, manifest)
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


def bring_up_to_date(
    place: Path,
    name: str,
    listed: Callable[[], Mapping[str, Wanted]],
    told: Callable[[bool], None],
    background: Executor,
) -> Manifest:
    """Make `place`/tree hold exactly what is `listed`, and remember in the `background` how it was left.

    A tree of the same `name` that nobody touched since is so already.
    """
    tree, memory = place / "tree", place / "left.json"
    tree.mkdir(exist_ok=True)
    tree.chmod(0o755)
    left = recalled(memory)
    told(left.name != name)
    same = untouched(tree, left) and all(left.marks[path] == "d755" for path in directories(left.marks))
    if name and left.name == name and same:
        return left.manifest
    found, wanted = left.marks if same else look(str(tree), left_out=()), listed()
    sources = {path: source_signature(want) for path, want in wanted.items() if not want.id}
    kept = {
        path: entry
        for path, entry in left.manifest.entries.items()
        if path in found
        and found[path] == left.marks.get(path)
        and path in wanted
        and (entry.mode, entry.id) == (wanted[path].mode, wanted[path].id or entry.id)
        and left.sources.get(path) == sources.get(path)
    }
    memory.unlink(missing_ok=True)
    needed = parents(wanted)
    clear(tree, found, wanted, needed)
    written = write_all(tree, {path: want for path, want in wanted.items() if path not in kept})
    for path in needed:
        if found.get(path) != "d755":
            (tree / path).chmod(0o755)  # whatever the umask
    manifest = Manifest(dict(sorted({**kept, **written}.items())))
    anew = moved(found, kept, written) & needed if same else needed
    marks = {path: found[path] for path in (*kept, *(needed - anew))}
    marks |= {path: mark_of(os.lstat(tree / path)) for path in (*written, *anew)}
    proofs = {path: left.proofs[path] for path in left.proofs.keys() & (needed - anew)}
    proofs |= lasting_marks(str(tree), anew)
    background.submit(remember, memory, Left(name, manifest, marks, proofs, sources))
    return manifest


def untouched(tree: Path, left: Left) -> bool:
    """Whether a tree is as it was left."""
    return all(name in left.marks for name in os.listdir(tree)) and unchanged(
        str(tree), left.marks, left.proofs
    )


def source_signature(want: Wanted) -> list[int]:
    """What changes when a file of the work tree does."""
    status = os.lstat(want.origin / want.name)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def clear(tree: Path, found: Mapping[str, str], wanted: Collection[str], needed: Collection[str]) -> None:
    """Remove what is no directory and not `wanted`, and the directories that are not `needed`."""
    for path, mark in found.items():
        if mark[0] != "d" and path not in wanted:
            (tree / path).unlink()
    for path, mark in found.items():
        if mark[0] == "d" and path not in needed and (tree / path).exists():
            shutil.rmtree(tree / path)


def write_all(tree: Path, stale: Mapping[str, Wanted]) -> dict[str, Entry]:
    """Write files afresh."""
    written = {}
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
            written[path] = write(tree / path, want, data)
    return written


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


def write(path: Path, want: Wanted, data: bytes) -> Entry:
    """Put one file or link where it belongs."""
    path.parent.mkdir(0o755, parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    if want.mode == LINK:
        os.symlink(data, os.fsencode(path))
    else:
        path.write_bytes(data)
        path.chmod(0o755 if want.mode == EXECUTABLE else 0o644)
    return Entry(want.mode, len(data), want.id or hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())
