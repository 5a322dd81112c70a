"""The first clone of a submodule, many at once and laid out as git does it.

`git submodule update` starts ten times as many processes, and checks out one submodule after the other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from .. import git
from .dependency import Dependency


def is_new(one: Dependency, settings: Mapping[str, str]) -> bool:
    """Whether nothing of it is here yet, all of it is wanted, and it belongs where git has always put it."""
    missing = not (one.work_tree / ".git").exists() and not one.git_dir.exists()
    usual = not one.option("shallow") and not one.parent.path_config
    return missing and usual and f"submodule.{one.name}.url" in settings


def clone(one: Dependency, settings: Mapping[str, str], local_urls: bool) -> None:
    """Clone, and check out the pin. Where that fails it leaves nothing, or a clone that is at no pin."""
    one.git_dir.parent.mkdir(parents=True, exist_ok=True)
    place = os.path.relpath(one.work_tree.resolve(), one.git_dir.parent.resolve() / one.git_dir.name)
    template = () if "init.templatedir" in settings else ("--template=",)
    layout = (f"--separate-git-dir={one.git_dir}", "-c", f"core.worktree={place}")
    words = ("clone", "--quiet", "--no-checkout", "--origin=origin", *template, *layout)
    url = settings[f"submodule.{one.name}.url"]
    done = git.call(one.parent.work_tree, *words, "--", url, str(one.work_tree), local_urls=local_urls)
    if done.returncode != 0:
        return
    back = os.path.relpath(one.git_dir.resolve(), one.work_tree.resolve())
    (one.work_tree / ".git").write_text(f"gitdir: {back}\n", "utf-8", "surrogateescape")
    git.call(one.work_tree, "checkout", "--quiet", "--detach", one.commit)
