"""Staging: a cached directory that holds exactly what ships, brought up to date file by file.

Contents come from git's objects, never through checkout, so that no attribute, filter or line-end setting alters a
byte. A file stays as it is (inode and times too) while its blob and its mark (remote/scan.py) are what the last
staging left.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..cache import cache_root
from ..config.environment import Environment
from ..remote.tree.manifest import lasting_marks
from ..remote.tree.scan import look, mark_of, moved, parents
from ..vendored import Dependency
from .commits import Commits
from .contents import clear, write_all
from .former_manifests import keep_manifest
from .last_staging import Left, Memory, Sources
from .manifest import Entry, Manifest
from .place import free_place
from .revision import Revision
from .ships import kept_by_rsync
from .tree import Tree
from .wanted import Changes, Wanted
from .worktree import WorkTree


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
        source: Commits | WorkTree = WorkTree(environment.root, dependencies)
        if environment.settings.source == "commit":
            source = Commits(environment.root, revision.commit, dependencies)
        background = stack.enter_context(ThreadPoolExecutor(1))
        manifest = staged = bring_up_to_date(place, source, told, background)
        if environment.settings.exclude:
            kept = kept_by_rsync(place / "tree", environment.settings.exclude)
            manifest = Manifest({path: entry for path, entry in manifest.entries.items() if path in kept})
        keep_manifest(place, manifest)
        yield Tree(place / "tree", revision, manifest, staged, tuple(dependencies))


def bring_up_to_date(
    place: Path, source: Commits | WorkTree, told: Callable[[bool], None], background: Executor
) -> Manifest:
    """Make `place`/tree hold exactly what ships, and remember in the `background` how it was left.

    A tree of the same name that nobody touched since is so already.
    """
    tree, memory, name = place / "tree", Memory(place / "left"), source.name
    tree.mkdir(exist_ok=True)
    tree.chmod(0o755)
    told(memory.name != name)
    telling = background.submit(source.since, memory.name)
    same = memory.confirms(tree)
    changes = telling.result() if same else None
    if changes == {} and (manifest := memory.manifest()) is not None:
        if memory.name != name:
            background.submit(memory.rename, name)
        return manifest
    left = memory.left()
    same = same and bool(left.marks)
    changes = changes if same else None
    found = left.marks if same else look(str(tree), left_out=())
    kept, stale, sources = parted(source, left, found, changes)
    paths = kept.keys() | stale.keys()
    memory.forget()
    needed = parents(paths)
    clear(tree, found, paths, needed)
    written = write_all(tree, stale)
    for path in needed:
        if found.get(path) != "d755":
            (tree / path).chmod(0o755)  # whatever the umask
    manifest = Manifest(dict(sorted({**kept, **written}.items())))
    anew = moved(found, kept, written) & needed if same else needed
    marks = {path: found[path] for path in (*kept, *(needed - anew))}
    marks |= {path: mark_of(os.lstat(tree / path)) for path in (*written, *anew)}
    proofs = {path: left.proofs[path] for path in left.proofs.keys() & (needed - anew)}
    proofs |= lasting_marks(str(tree), anew)
    background.submit(memory.keep, Left(name, manifest, marks, proofs, sources))
    return manifest


def parted(
    source: Commits | WorkTree, left: Left, found: Mapping[str, str], changes: Changes | None
) -> tuple[dict[str, Entry], dict[str, Wanted], Sources]:
    """What stays in the tree as it is, what is to be written afresh, and the signatures of files of the work tree."""
    entries = left.manifest.entries
    if changes is not None:
        stays = {path: entry for path, entry in entries.items() if path not in changes}
        return stays, {path: want for path, want in changes.items() if want}, {}
    wanted = source.listed()
    sources = {path: source_signature(want) for path, want in wanted.items() if not want.id}
    kept = {
        path: entry
        for path, entry in entries.items()
        if path in found
        and found[path] == left.marks.get(path)
        and path in wanted
        and (entry.mode, entry.id) == (wanted[path].mode, wanted[path].id or entry.id)
        and left.sources.get(path) == sources.get(path)
    }
    return kept, {path: want for path, want in wanted.items() if path not in kept}, sources


def source_signature(want: Wanted) -> list[int]:
    """What changes when a file of the work tree does."""
    status = os.lstat(want.origin / want.name)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
