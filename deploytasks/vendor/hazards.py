"""Names, paths and URLs that would run code, leave the project, or be fetchable by nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .dependency import SAFE_NAME, Dependency, effective_url, is_local
from .finding import Finding, printable


def unsafe(one: Dependency, local_urls: bool) -> Iterator[Finding]:
    """Names, paths and URLs that have been ways to run code or to leave the project."""
    cure = "correct it in .gitmodules and commit"
    for what, text in (("name", one.name), ("path", one.path)):
        if not SAFE_NAME.fullmatch(text) or any(part in ("..", ".git", "") for part in text.split("/")):
            yield Finding(printable(one.path), f"its {what} {printable(text)} is not safe", cure)
    if not one.url:
        yield Finding(
            printable(one.path),
            "is not in .gitmodules, or has no url there",
            f"`inv vendor.move --name={one.name} --url=URL`",
        )
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
            f"`inv vendor.move --name={one.name} --url=URL`, or set DEPLOY_VENDOR_LOCAL_URLS=yes",
        )
    if any(
        parent.is_symlink()
        for parent in (one.work_tree, *one.work_tree.parents)
        if one.parent.work_tree in parent.parents
    ):
        yield Finding(one.path, "its path goes through a symlink", "put a directory there")


def unsafe_twins(found: Sequence[Dependency]) -> list[Finding]:
    """Two paths that are one on a file system that folds case."""
    seen: dict[str, str] = {}
    twins = []
    for one in found:
        other = seen.setdefault(one.path.casefold(), one.path)
        if other != one.path:
            twins.append(Finding(one.path, f"differs from {other} only in case", "rename one of them"))
    return twins
