"""The migrations that a release brings or a rollback leaves behind, read from git's objects and the staged tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .. import git, vendored
from ..config.environment import Environment
from ..migrations import Difference, Migrations, difference, lines, migration_files, read_migrations
from ..recipe.answers import KnownRelease
from ..recipe.context import Built, StepContext
from ..source.commits import Commits
from .brought import revision_of

UNREAD = (
    "{revision}, which is served now, is no commit that git knows here, so that nobody can tell which migrations come; "
    "`git fetch`"
)


def coming(contexts: Sequence[StepContext]) -> tuple[list[str], list[str], bool]:
    """(what is said before the migrations of a deploy run, their names, whether it is known that none comes), by what
    the primary host serves.
    """
    context = contexts[0]
    assert context.built is not None
    served = revision_of(context.inventory.releases, context.previous)
    found = between(context.environment, served, context.built)
    if found is None:
        return [UNREAD.format(revision=(served or "")[:7])], [], False
    names = [str(one.key) for one in found.added]
    stays = found == Difference() and any(migration_files(context.built.tree.manifest.entries))
    return [f"migration {line}" for line in lines(found, "confirmation")], names, stays


def planned(environment: Environment, served: str | None, built: Built) -> list[str]:
    """The migrations of a plan for a host that serves the revision `served`, or nothing."""
    found = between(environment, served, built)
    return [UNREAD.format(revision=(served or "")[:7])] if found is None else list(lines(found, "plan"))


def left_behind(root: Path, releases: Sequence[KnownRelease], now: str | None, target: str) -> list[str]:
    """What a rollback from one release to another means for the schema; nothing where git does not know both."""
    revisions = [revision_of(releases, one) for one in (now, target)]
    known = [migrations_of(root, one) for one in revisions if one]
    found = difference(known[0], known[1]) if len(known) == 2 and known[0] and known[1] else Difference()
    return [f"migration {line}" for line in lines(found, "rollback")]


def between(environment: Environment, served: str | None, built: Built) -> Difference | None:
    """From what is served, or nothing, to what was built; None when git does not know the former."""
    if served == built.tree.revision.commit and environment.settings.source == "commit":
        return Difference()
    former = migrations_of(environment.root, served) if served else Migrations()
    if former is None:
        return None
    entries, tree = built.tree.manifest.entries, built.tree.path
    files = [path for path in migration_files(entries) if not (tree / path).is_symlink()]
    return difference(
        former, read_migrations({path: (tree / path).read_bytes() for path in files}, alike=former)
    )


def migrations_of(root: Path, revision: str) -> Migrations | None:
    """The migrations of a revision and of the vendored dependencies that it pins; None when git does not know it."""
    try:
        pinned = [one for one in vendored.dependencies(root, revision) if one.present]
        return read_migrations(dict(contents(Commits(root, revision, pinned))))
    except git.GitFailed:
        return None


def contents(commits: Commits) -> Iterator[tuple[str, bytes]]:
    """(path, text) of the files that tell migrations, from one git process per repository."""
    listed = commits.listed()
    origins: dict[Path, list[str]] = {}
    for path in migration_files(listed):
        origins.setdefault(listed[path].origin, []).append(path)
    for origin, paths in origins.items():
        yield from zip(paths, git.blobs(origin, [listed[path].id for path in paths]), strict=True)
