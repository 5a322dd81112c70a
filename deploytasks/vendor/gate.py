"""The gate that every deploy passes: what is wrong with the vendored dependencies, each finding with its cure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import git
from .dependency import JOBS, SAFE_NAME, Dependency, dependencies, effective_url, is_local

LFS_MARK = "^version https://git-lfs.github.com/spec/v1"
TRANSPORTS = ("https://", "http://", "ssh://", "git://", "git+ssh://", "file://")


@dataclass(frozen=True)
class Finding:
    """One thing wrong with one dependency. `about` says whether the pin or only the work tree is meant."""

    dependency: str
    what: str
    cure: str
    about: Literal["pin", "tree"] = "pin"
    allowed_dirty: bool = False
    """Whether --allow-dirty lets it pass."""

    def __str__(self) -> str:
        return f"{self.dependency}: {self.what}; {self.cure}"


@dataclass(frozen=True)
class Gate:
    """What stops a deploy, what is only said (`not shipped: …`), and whether what ships is dirty."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    dirty: bool = False


def gate(
    repo: Path,
    revision: str,
    *,
    source: str = "commit",
    policy: str = "pushed",
    local_urls: bool = False,
    allow_dirty: bool = False,
) -> Gate:
    """Judge every dependency at `revision`. Missing pins are fetched; an empty submodule is initialised; nothing else changes."""
    found = obtained(repo, revision, local_urls)
    with ThreadPoolExecutor(JOBS) as pool:
        pins = [
            finding
            for part in pool.map(lambda one: list(pin_findings(one, policy, local_urls)), found)
            for finding in part
        ]
        trees = [
            finding for part in pool.map(lambda one: list(tree_findings(one)), found) for finding in part
        ]
    pins = [*unsafe_twins(found), *pins]
    edits = project_edits(repo)
    if source == "commit":
        notes = [f"not shipped: {finding.dependency}: {finding.what}" for finding in trees]
        notes += [f"not shipped: {len(edits)} uncommitted change(s), first {edits[0]}"] if edits else []
        return Gate(tuple(pins), tuple(notes))
    gating = [*pins, *trees]
    passed = [finding for finding in gating if allow_dirty and finding.allowed_dirty]
    kept = tuple(finding for finding in gating if finding not in passed)
    return Gate(kept, tuple(f"allowed: {finding}" for finding in passed), bool(passed or edits))


def obtained(repo: Path, revision: str, local_urls: bool) -> tuple[Dependency, ...]:
    """The dependencies, after everything that can be fetched has been: level by level, for what is below is unknown before."""
    found = dependencies(repo, revision)
    tried: set[str] = set()
    while missing := [
        one for one in found if not one.present and one.path not in tried and safe(one, local_urls)
    ]:
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(lambda one: fetch(one, local_urls), missing))
        tried |= {one.path for one in missing}
        found = dependencies(repo, revision)
    return found


def fetch(one: Dependency, local_urls: bool) -> None:
    """Bring the pinned commit into the dependency's git directory, or leave it missing."""
    if not one.git_dir.is_dir():
        at_head = git.answer(one.parent, "rev-parse", f"HEAD:{one.own_path}") == one.commit
        if at_head and not any(one.work_tree.iterdir() if one.work_tree.is_dir() else ()):
            git.call(
                one.parent,
                "submodule",
                "update",
                "--init",
                "--checkout",
                "--",
                one.own_path,
                local_urls=local_urls,
            )
        else:
            git.call(
                one.parent,
                "clone",
                "-q",
                "--bare",
                "--",
                effective_url(one),
                str(one.git_dir),
                local_urls=local_urls,
            )
        return
    for refs in (("+refs/heads/*:refs/remotes/origin/*",), (one.commit,)):
        words = (*git.inside(one.git_dir), "fetch", "-q", "--no-tags", "origin", *refs)
        if git.call(one.git_dir, *words, local_urls=local_urls).returncode == 0 and has(one):
            return


def has(one: Dependency) -> bool:
    """Whether the pinned commit is there now."""
    return (
        git.call(
            one.git_dir, *git.inside(one.git_dir), "cat-file", "-e", f"{one.commit}^{{commit}}"
        ).returncode
        == 0
    )


def safe(one: Dependency, local_urls: bool) -> bool:
    return not list(unsafe(one, local_urls))


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
        if one.parent in parent.parents
    ):
        yield Finding(one.path, "its path goes through a symlink", "put a directory there")


def printable(text: str) -> str:
    return text if text.isprintable() else repr(text)


def unsafe_twins(found: Sequence[Dependency]) -> list[Finding]:
    """Two paths that are one on a file system that folds case."""
    seen: dict[str, str] = {}
    twins = []
    for one in found:
        other = seen.setdefault(one.path.casefold(), one.path)
        if other != one.path:
            twins.append(Finding(one.path, f"differs from {other} only in case", "rename one of them"))
    return twins


def pin_findings(one: Dependency, policy: str, local_urls: bool) -> Iterator[Finding]:
    """What is wrong with the pin itself; gates both source modes."""
    hazards = list(unsafe(one, local_urls))
    yield from hazards
    if hazards:
        return
    if not one.present:
        yield Finding(
            one.path,
            f"its pin {one.commit[:7]} cannot be fetched from {one.url}",
            f"push it there: `git -C {one.path} push origin HEAD:BRANCH`, or see that you may read {one.url}",
        )
        return
    configured = git.answer(one.parent, "config", f"submodule.{one.name}.url")
    if configured and configured.rstrip("/") not in (one.url.rstrip("/"), effective_url(one)):
        yield Finding(
            one.path, "its URL in .gitmodules is not the one that git uses here", "`inv vendor.update`"
        )
    yield from policy_findings(one, policy, local_urls)
    git_dir = git.inside(one.git_dir)
    if git.answer(
        one.git_dir,
        *git_dir,
        "grep",
        "-l",
        "filter=lfs",
        one.commit,
        "--",
        ".gitattributes",
        "**/.gitattributes",
    ):
        pointers = git.answer(one.git_dir, *git_dir, "grep", "-l", "-e", LFS_MARK, one.commit)
        if pointers:
            yield Finding(
                one.path,
                f"holds Git LFS pointers, not the files ({pointers.splitlines()[0].partition(':')[2]})",
                "commit the files themselves; LFS content is not shipped",
            )


def policy_findings(one: Dependency, policy: str, local_urls: bool) -> Iterator[Finding]:
    """Whether the pin is one that DEPLOY_VENDOR_POLICY lets pass; nested pins, not ours to tag, must only be pushed."""
    policy = "pushed" if one.nested and policy != "any" else policy
    if policy == "any" or reachable(one, policy) or (refresh(one, local_urls) and reachable(one, policy)):
        return
    if policy == "tag":
        yield Finding(
            one.path,
            f"its pin {one.commit[:7]} is not a tag",
            f"`inv vendor.update --name={one.name} --to=TAG`",
            allowed_dirty=True,
        )
    elif policy.startswith("branch:"):
        branch = policy.removeprefix("branch:")
        yield Finding(
            one.path,
            f"its pin {one.commit[:7]} is not in origin's branch {branch}",
            f"`git -C {one.path} push origin {one.commit[:7]}:{branch}`, or pin another",
            allowed_dirty=True,
        )
    elif not answered_for(one, local_urls):
        yield Finding(
            one.path,
            f"its pin {one.commit[:7]} is in no branch of its remote: nobody else can fetch it",
            f"`git -C {one.path} push origin {one.commit[:7]}:refs/heads/BRANCH`",
            allowed_dirty=True,
        )


def reachable(one: Dependency, policy: str) -> bool:
    """Whether local refs prove that the pin satisfies the policy."""
    git_dir = git.inside(one.git_dir)
    if policy == "tag":
        return bool(git.answer(one.git_dir, *git_dir, "tag", "--points-at", one.commit))
    refs = (
        f"refs/remotes/origin/{policy.removeprefix('branch:')}"
        if policy.startswith("branch:")
        else "refs/remotes"
    )
    return bool(
        git.answer(one.git_dir, *git_dir, "for-each-ref", "--count=1", "--contains", one.commit, refs)
    )


def refresh(one: Dependency, local_urls: bool) -> bool:
    """Ask the server for its branches and tags, once."""
    words = (
        *git.inside(one.git_dir),
        "fetch",
        "-q",
        "--prune",
        "--tags",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
    )
    return git.call(one.git_dir, *words, local_urls=local_urls).returncode == 0


def answered_for(one: Dependency, local_urls: bool) -> bool:
    """Whether a shallow clone's server hands out the pin itself; a whole clone's refs have said all there is to say."""
    if git.answer(one.git_dir, *git.inside(one.git_dir), "rev-parse", "--is-shallow-repository") != "true":
        return False
    words = (*git.inside(one.git_dir), "fetch", "-q", "--depth=1", "origin", one.commit)
    return git.call(one.git_dir, *words, local_urls=local_urls).returncode == 0


def tree_findings(one: Dependency) -> Iterator[Finding]:
    """What is wrong with the work tree only; gates `worktree` mode, is printed as not shipped in `commit` mode."""
    update = one.option("update") or git.answer(one.parent, "config", f"submodule.{one.name}.update")
    if update and update not in ("checkout", "rebase", "merge"):
        yield Finding(
            one.path,
            f"has update = {update}, so that git leaves it as it is",
            f"`git config -f .gitmodules --unset submodule.{one.name}.update`",
            "tree",
        )
    if not (one.work_tree / ".git").exists():
        yield Finding(one.path, "is not initialised", "`inv vendor.update`", "tree")
        return
    head = git.answer(one.work_tree, "rev-parse", "HEAD")
    if head != one.commit:
        yield Finding(
            one.path,
            f"is at {(head or 'no commit')[:7]}, its pin is {one.commit[:7]}",
            f"`inv vendor.update --name={one.name}`, or commit the new pin",
            "tree",
            allowed_dirty=True,
        )
    edits = hidden_edits(one.work_tree)
    if edits:
        yield Finding(
            one.path,
            f"has {len(edits)} local edit(s), first {printable(edits[0])}",
            f"commit them there, or `inv vendor.update --discard={one.name}`",
            "tree",
            allowed_dirty=True,
        )


def hidden_edits(work_tree: Path) -> list[str]:
    """Edited tracked paths and untracked ones, those that git was told not to look at included (a fresh index finds them)."""
    git_dir = git.answer(work_tree, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory(prefix="deploytasks-") as directory:
        index = {"GIT_INDEX_FILE": os.path.join(directory, "index")}
        git.run(work_tree, "read-tree", "HEAD", env=index)
        git.call(work_tree, "update-index", "-q", "--really-refresh", env=index)
        changed = git.run(work_tree, "diff-files", "--name-only", "--ignore-submodules=all", "-z", env=index)
    untracked = git.run(work_tree, "ls-files", "--others", "--exclude-standard", "-z") if git_dir else ""
    return sorted(path for path in (changed + untracked).split("\0") if path)


def project_edits(repo: Path) -> list[str]:
    """Uncommitted changes of the superproject; submodules aside, and environments/, which never ships."""
    words = (
        "status",
        "--porcelain=v1",
        "-z",
        "--ignore-submodules=all",
        "--",
        ".",
        ":(exclude,top)environments",
    )
    listed = git.run(repo, *words)
    return [item[3:] for item in listed.split("\0") if len(item) > 3 and item[2] == " "]
