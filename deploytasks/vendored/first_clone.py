"""The first clone of a submodule, many at once and laid out as git does it.

`git submodule update` starts ten times as many processes, and checks out one submodule after the other.
"""

from __future__ import annotations

import os

from .. import git
from .dependency import Dependency, effective_url
from .journal import moving


def is_new(one: Dependency) -> bool:
    """Whether nothing of it is here yet, all of it is wanted, and it belongs where git has always put it."""
    missing = not (one.work_tree / ".git").exists() and not one.git_dir.exists()
    return missing and not one.option("shallow") and not one.parent.path_config


def clone(one: Dependency, local_urls: bool) -> None:
    """Clone, and check out the pin. Where that fails no work tree is left, as after `git submodule deinit`."""
    one.git_dir.parent.mkdir(parents=True, exist_ok=True)
    place = os.path.relpath(one.work_tree.resolve(), one.git_dir.parent.resolve() / one.git_dir.name)
    settings = one.parent.settings
    template = () if "init.templatedir" in settings else ("--template=",)
    layout = (f"--separate-git-dir={one.git_dir}", "-c", f"core.worktree={place}")
    words = ("clone", "--quiet", "--no-checkout", "--origin=origin", *template, *layout)
    url = settings.get(f"submodule.{one.name}.url") or effective_url(one)
    with moving(one, "", one.commit) as note:
        done = git.call(one.parent.work_tree, *words, "--", url, str(one.work_tree), local_urls=local_urls)
        if done.returncode != 0:
            return
        back = os.path.relpath(one.git_dir.resolve(), one.work_tree.resolve())
        (one.work_tree / ".git").write_text(f"gitdir: {back}\n", "utf-8", "surrogateescape")
        words = ("checkout", "--quiet", "--detach", one.commit)
        if git.call(one.work_tree, *words, keeps=(note,)).returncode != 0:
            (one.work_tree / ".git").unlink()
