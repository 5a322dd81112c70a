"""What is wrong with a pin itself, whatever the work tree looks like."""

from __future__ import annotations

from collections.abc import Iterator

from .. import git
from ..commits import said_of_commit
from ..urls import public
from .dependency import Dependency, effective_url
from .finding import Finding
from .hazards import unsafe

LFS_MARK = "^version https://git-lfs.github.com/spec/v1"


def pin_findings(one: Dependency, policy: str, local_urls: bool) -> Iterator[Finding]:
    """What is wrong with the pin itself; gates both source modes."""
    hazards = list(unsafe(one, local_urls))
    yield from hazards
    if hazards:
        return
    if not one.present:
        yield Finding(
            one.path,
            f"its pin {one.commit[:7]} cannot be fetched from {public(one.url)}",
            f"push it there: `git -C {one.path} push origin HEAD:BRANCH`, or see that you may read {public(one.url)}",
        )
        return
    configured = one.parent.settings.get(f"submodule.{one.name}.url")
    if configured and configured.rstrip("/") not in (one.url.rstrip("/"), effective_url(one)):
        yield Finding(
            one.path, "its URL in .gitmodules is not the one that git uses here", "`inv vendor.update`"
        )
    yield from policy_findings(one, policy, local_urls)
    patterns = ("--", ".gitattributes", "**/.gitattributes")
    if asked(one, "grep", "-l", "filter=lfs", one.commit, *patterns):
        pointers = asked(one, "grep", "-l", "-e", LFS_MARK, one.commit)
        if pointers:
            yield Finding(
                one.path,
                f"holds Git LFS pointers, not the files ({pointers.splitlines()[0].partition(':')[2]})",
                "commit the files themselves; LFS content is not shipped",
            )


def asked(one: Dependency, *words: str) -> str | None:
    """What git says of the pinned commit. Raises GitFailed."""
    return said_of_commit(one.commit, one.git_dir, *words, where=git.inside(one.git_dir))


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
    """Whether a shallow clone's server hands out the pin, or cannot be asked: only its refusal counts against the pin.

    The refs of a whole clone have said all there is to say.
    """
    inside = git.inside(one.git_dir)
    if git.answer(one.git_dir, *inside, "rev-parse", "--is-shallow-repository") != "true":
        return False

    def asked(*words: str) -> bool:
        return git.call(one.git_dir, *inside, *words, local_urls=local_urls).returncode == 0

    return asked("fetch", "-q", "--depth=1", "origin", one.commit) or not asked(
        "ls-remote", "-q", "origin", "HEAD"
    )
