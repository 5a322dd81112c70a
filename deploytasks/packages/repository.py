"""A throw-away git repository over the copy of a package, for build backends that ask git which files it has."""

from __future__ import annotations

from pathlib import Path

from .. import git

AS_IT_IS = "* -filter -text -eol -ident -working-tree-encoding\n"
"""Attributes under which git takes every file as it lies there, whatever the package's own say."""
PLAIN = ("-c", "core.autocrlf=false", "-c", "core.fsmonitor=false")


def track(copy: Path, *, tag: str, seconds: str) -> None:
    """All that lies in `copy` is tracked by git there, in one commit of the time `seconds`, equal on every machine.

    The commit has the tag `tag`, if there is one. What a build adds is ignored, so that no version calls itself dirty.
    """
    git.run(copy, "init", "--quiet", "--template=")
    (copy / ".git/info").mkdir(exist_ok=True)
    (copy / ".git/info/attributes").write_text(AS_IT_IS, "utf-8")
    (copy / ".git/info/exclude").write_text("*\n", "utf-8")
    git.run(copy, *PLAIN, "add", "--all", "--force")
    content = git.run(copy, "write-tree").strip()
    person = {"NAME": "deploytasks", "EMAIL": "deploytasks@localhost", "DATE": f"{seconds} +0000"}
    env = {f"GIT_{role}_{name}": text for role in ("AUTHOR", "COMMITTER") for name, text in person.items()}
    commit = git.run(copy, "commit-tree", content, "-m", "As vendored", env=env).strip()
    git.run(copy, "update-ref", "HEAD", commit)
    if tag:
        git.run(copy, "update-ref", f"refs/tags/{tag}", commit)
