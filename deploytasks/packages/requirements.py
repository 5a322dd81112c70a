"""The requirements of a tree: its files read as one text, with the lines that name vendored packages taken out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import pyproject
from .age import refuse_older
from .requirement import holds, requirement
from .unread import FOREIGN, refuse_foreign, refuse_unread
from .uv_lock import exported

CANDIDATES = ("uv.lock", "requirements.lock", "requirements.txt")
COMMENT = re.compile(r"(?:^|\s)#.*")
REPOSITORY = re.compile(r"(?:^|[\s@=])(?:git|hg|svn|bzr)\+[a-z]+:|(?:^|[\s@=])(?:git|ssh)(?:@|://)")
INCLUDE = re.compile(r"(?:(?P<file>-r|--requirement)|-c|--constraint)[\s=]*(?P<name>\S+)")
EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+")
PATH = re.compile(
    r"(?:[A-Za-z0-9_.-]+\s*(?:\[[^]]*\])?\s*@\s*)?(?P<path>file:\S+|\{root:\S+|\.{0,2}/\S*|\.{1,2}(?=\[|\s|$)|"
    r"[\w.-]+/\S*|[^\s:@]+\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)(?=\[|\s|$))"
)
VENDORED = re.compile(r"(?:file:.*/|file:|\{root:uri\}/|\./)?(?P<path>vendor/[A-Za-z0-9_./-]*[A-Za-z0-9_-])")
MARKER = re.compile(r"\s;\s*(.+)")
FINDER = re.compile(r"(?:-f|--find-links)[\s=]+(?!https?:)")


@dataclass
class Requirements:
    """One text for the installer, without the vendored packages, which are installed from their wheels."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    vendored: dict[str, str] = field(default_factory=dict)
    """{path: where it is named, `file:line`} of the packages that are required by path."""
    extras: dict[str, str] = field(default_factory=dict)
    """{path: `[extra,…]`} of those."""
    markers: dict[str, str] = field(default_factory=dict)
    """{path: the marker under which it is required} of those."""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def other_hosts_lines(lines: Sequence[str], facts: Callable[[], Mapping[str, Any]]) -> Iterator[str]:
    """A word on requirements that each have a marker which is false on the host of the facts."""
    wanted = [line for line in lines if not is_empty(line)]
    found = [one.marker if (one := requirement(line)) else None for line in wanted]
    markers = [str(marker) for marker in found if marker is not None]
    if markers and len(markers) == len(wanted) and not any(holds(marker, facts()) for marker in markers):
        host = f"Python {facts()['python']} on {facts()['platform']}"
        yield f"requirements: by its marker, none is for the host's {host}; vendored packages alone are installed"


def is_empty(text: str) -> bool:
    """Whether a text asks for no package: only comments and options."""
    lines = (COMMENT.sub("", line).strip() for line in text.splitlines())
    return not any(line and not line.startswith("-") for line in lines)


def read(tree: Path, names: Sequence[str]) -> Requirements:
    """The requirements of a staged tree: the files `names`, or the first found of the usual ones.

    Raises UsageError for a file that is missing, and for a line that no host could install.
    """
    found = Requirements()
    chosen = names or usual(tree)
    for name in chosen:
        add(found, tree, name, found.lines)
    if not names and chosen and chosen[0] in CANDIDATES:
        refuse_older(tree, chosen[0], found.lines)
    return found


def usual(tree: Path) -> list[str]:
    """The files that are read when none is named. Raises UsageError for requirements that nothing reads."""
    names = [name for name in CANDIDATES if (tree / name).is_file()][:1]
    if names:
        return names
    if pyproject.dependencies(tree) and not any((tree / name).is_file() for name in FOREIGN):
        return ["pyproject.toml"]
    if files := pyproject.dynamic_files(tree):
        return list(files)
    refuse_unread(tree)
    return []


def add(found: Requirements, tree: Path, name: str, into: list[str], including: tuple[str, ...] = ()) -> None:
    """Read one file, and those that it includes, into a list of lines."""
    refuse_foreign(name)
    if not (tree / name).is_file() or not (tree / name).resolve().is_relative_to(tree.resolve()):
        raise UsageError(
            f"{name}: required, but not in the revision; commit it, or correct DEPLOY_REQUIREMENTS"
        )
    for number, line in logical_lines(text_of(tree, name)):
        said = COMMENT.sub("", line).strip()
        include = INCLUDE.match(said)
        if include is not None:
            inner = os.path.normpath(Path(name).parent / include["name"])
            if inner in (*including, name):
                raise UsageError(f"{name}:{number}: includes itself; remove the line")
            add(found, tree, inner, into if include["file"] else found.constraints, (*including, name))
        elif not vendored(found, above(said, name), where(tree, name, number, said)):
            into.append(line)


def where(tree: Path, name: str, number: int, said: str) -> str:
    """`file:line` of a requirement, also of one that was read out of a lock or a table."""
    if Path(name).name not in ("uv.lock", "pyproject.toml"):
        return f"{name}:{number}"
    required = requirement(said)
    title = f'name = "{required.name}"' if required else said
    lines = enumerate((tree / name).read_text("utf-8").splitlines(), 1)
    return next((f"{name}:{at}" for at, line in lines if line == title or said in line), name)


def above(said: str, name: str) -> str:
    """A line with `../` as it reads from the root of the tree; uv writes paths from where its file is."""
    inner = Path(name).parent
    if "../" not in said or inner == Path():
        return said
    return re.sub(r"(?:\.\./)+\S*", lambda found: f"./{os.path.normpath(inner / found[0])}", said)


def text_of(tree: Path, name: str) -> str:
    """A file as requirements lines."""
    if Path(name).name == "uv.lock":
        return exported(tree / Path(name).parent)
    if Path(name).name == "pyproject.toml":
        directory = tree / Path(name).parent
        return "".join(f"{by_source(directory, name, line)}\n" for line in pyproject.dependencies(directory))
    try:
        return (tree / name).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8; save it as UTF-8") from error


def by_source(directory: Path, name: str, line: str) -> str:
    """A dependency of a project as uv reads it: by the path of its source, where it has one."""
    required = requirement(line)
    if required is None:
        raise UsageError(f"{name}: `{line}` is no requirement; write e.g. django>=5.2")
    source = pyproject.sources(directory).get(pyproject.normal(required.name), {})
    if "git" in source:
        raise UsageError(f"{name}: [tool.uv.sources] {required.name} {CURE}")
    if "path" not in source:
        return line
    extras = f"[{','.join(sorted(required.extras))}]" if required.extras else ""
    return f"./{os.path.normpath(Path(name).parent / source['path'])}{extras}"


CURE = "points at a repository, which hosts cannot reach; vendor it: `inv vendor.add URL`, then require ./vendor/<name>"


def vendored(found: Requirements, said: str, where: str) -> bool:
    """Note a line that names a vendored package. Raises UsageError for one that no host could install."""
    if REPOSITORY.search(said):
        raise UsageError(f"{where}: {CURE}")
    bare, editable = EDITABLE.subn("", said, count=1)
    path = PATH.match(bare)
    if path is None and not editable and not FINDER.match(said):
        return False
    match = VENDORED.match(path["path"]) if path else None
    if match is None:
        raise UsageError(
            f"{where}: names a path, whose content an environment that releases share cannot hold; vendor "
            "it, or leave it out: processes run in the release and find its modules"
        )
    found.vendored[match["path"]] = where
    if marker := MARKER.search(bare):
        found.markers[match["path"]] = marker[1]
    extras = re.search(r"\[[^]]*\]", bare)
    if extras:
        found.extras[match["path"]] = extras[0].replace(" ", "")
    return True


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of the first line, text) of each line, those that a backslash continues joined."""
    waiting: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        waiting.append(line)
        if not line.endswith("\\"):
            yield number - len(waiting) + 1, "\n".join(waiting)
            waiting = []
    if waiting:
        yield len(text.splitlines()) - len(waiting) + 1, "\n".join(waiting)
