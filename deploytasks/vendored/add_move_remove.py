"""Adding, removing and re-pointing dependencies, so that git's own left-overs never bite the next one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .. import git
from ..errors import UsageError
from ..urls import public
from .dependency import SAFE_NAME, effective_url, is_local, selected
from .hazards import unsafe
from .reading import top_level
from .worktrees import look


def add(repo: Path, url: str, *, name: str = "", track: str = "", local_urls: bool = False) -> str:
    """Put the repository at `url` into vendor/<name>, with the branch that it tracks; answers its path.

    `track` is a branch, or a tag pattern with `*`. Nothing is committed. Raises UsageError for an unsafe name or URL.
    """
    name = name or re.split(r"[/:]", url.rstrip("/").removesuffix(".git"))[-1]
    path = f"vendor/{name}"
    if not SAFE_NAME.fullmatch(name) or "/" in name:
        raise UsageError(f"--name: {name!r} is not safe; use letters, digits and . _ + -")
    if not url or url.startswith("-") or not url.isprintable():
        raise UsageError("vendor.add: needs the URL of a repository")
    if is_local(url) and not url.startswith(("./", "../")) and not local_urls:
        raise UsageError(
            f"{public(url)}: is a path of this machine; set DEPLOY_VENDOR_LOCAL_URLS=yes, or give a URL"
        )
    if (repo / path).exists():
        raise UsageError(
            f"{path}: is there already; choose another --name, or `inv vendor.remove --name={name}`"
        )
    branch = ("-b", track) if track and "*" not in track else ()
    git.run(
        repo, "submodule", "add", "--quiet", "--name", path, *branch, "--", url, path, local_urls=local_urls
    )
    if track and not branch:
        git.run(repo, "config", "--file", ".gitmodules", f"submodule.{path}.track", track)
    elif not track:
        tip = git.answer(repo / path, "symbolic-ref", "--short", "HEAD")
        if tip:
            git.run(repo, "config", "--file", ".gitmodules", f"submodule.{path}.branch", tip)
    git.run(repo / path, "submodule", "update", "--init", "--recursive", "--quiet", local_urls=local_urls)
    git.run(repo, "add", "--", ".gitmodules")
    return path


def remove(repo: Path, name: str, *, discard: bool = False) -> str:
    """Take a dependency out, and everything that git would keep of it; answers its path. Nothing is committed.

    Raises UsageError when it has local edits, unless `discard`.
    """
    one = selected(top_level(repo), [name])[0]
    if (one.work_tree / ".git").exists() and not discard and (edits := look(one.work_tree).edits):
        raise UsageError(
            f"{one.path}: has {len(edits)} local edit(s), first {edits[0]}; commit them there, or add --discard"
        )
    git.call(repo, "submodule", "deinit", "--quiet", "--force", "--", one.path)
    git.run(repo, "rm", "--quiet", "--force", "--", one.path)
    git.call(repo, "config", "--remove-section", f"submodule.{one.name}")
    modules = Path(git.run(repo, "rev-parse", "--absolute-git-dir").strip()) / "modules"
    for directory, top in ((modules / one.name, modules), (repo / one.path, repo)):
        if directory.resolve().is_relative_to(top.resolve()) and directory.exists():
            shutil.rmtree(directory)
    return one.path


def move(repo: Path, name: str, url: str, *, local_urls: bool = False) -> str:
    """Fetch a dependency from another URL from now on, here and for everybody; answers its path. Nothing is committed.

    Raises UsageError when the pin is not to be had there.
    """
    from dataclasses import replace

    one = selected(top_level(repo), [name])[0]
    hazards = list(unsafe(replace(one, url=url), local_urls))
    if hazards:
        raise UsageError(str(hazards[0]))
    git.run(repo, "config", "--file", ".gitmodules", f"submodule.{one.name}.url", url)
    git.run(repo, "add", "--", ".gitmodules")
    git.call(repo, "submodule", "sync", "--quiet", "--", one.path)
    git.call(repo, "config", f"submodule.{one.name}.url", effective_url(replace(one, url=url)))
    if one.git_dir.is_dir():
        git.run(
            one.git_dir,
            *git.inside(one.git_dir),
            "remote",
            "set-url",
            "origin",
            effective_url(replace(one, url=url)),
        )
        git.run(one.git_dir, *git.inside(one.git_dir), "fetch", "-q", "origin", local_urls=local_urls)
    return one.path
