"""Names, paths and URLs that would run code, leave the project, or be fetchable by nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .dependency import SAFE_NAME, Dependency, effective_url, is_local
from .finding import Finding, printable


def unsafe(one: Dependency, local_urls: bool) -> Iterator[Finding]:
    """Names, paths and URLs that have been ways to run code or to leave the project."""
    cure = f"correct it in {printable(one.pinned_in)} and commit"
    for what, text in (("name", one.name), ("path", one.path)):
        if not SAFE_NAME.fullmatch(text) or any(part in ("..", ".git", "") for part in text.split("/")):
            yield Finding(printable(one.path), f"its {what} {printable(text)} is not safe", cure)
    if not one.url:
        taken_in = f"`git rm --cached {printable(one.own_path)}` and commit the files themselves"
        what = "is not in .gitmodules, or has no url there"
        yield Finding(printable(one.path), what, f"name it there, or {taken_in}")
    elif (
        one.url.startswith("-")
        or not one.url.isprintable()
        or ("::" in one.url.partition("/")[0] and "[" not in one.url)
    ):
        yield Finding(printable(one.path), "its URL is not safe", cure)
    elif is_local(effective_url(one)) and not local_urls:
        yield Finding(
            one.path,
            "its URL is a path of this machine, which nobody else can fetch",
            f"{other_url(one)}, or set DEPLOY_VENDOR_LOCAL_URLS=yes",
        )
    if any(
        parent.is_symlink()
        for parent in (one.work_tree, *one.work_tree.parents)
        if one.parent.work_tree in parent.parents
    ):
        yield Finding(one.path, "its path goes through a symlink", "put a directory there")


def other_url(one: Dependency) -> str:
    """The cure for a URL that is none of use to others; what a dependency pins is for its authors to correct."""
    return (
        f"correct it in {one.pinned_in} and push"
        if one.nested
        else f"`inv vendor.move --name={one.name} --url=URL`"
    )


def is_safe(one: Dependency, local_urls: bool) -> bool:
    return not list(unsafe(one, local_urls))


def unsafe_twins(found: Sequence[Dependency]) -> list[Finding]:
    """Two paths that are one on a file system that folds case."""
    seen: dict[str, str] = {}
    twins = []
    for one in found:
        other = seen.setdefault(one.path.casefold(), one.path)
        if other != one.path:
            twins.append(Finding(one.path, f"differs from {other} only in case", "rename one of them"))
    return twins
