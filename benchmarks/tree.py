"""The tree that is deployed: well-known packages as a git repository with twelve submodules, ~12,000 files, ~170 MB."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.building import WHO, git

PROJECT = "django==5.2.8"
VENDORED = (
    "babel==2.17.0",
    "boto3==1.40.70",
    "botocore==1.40.70",
    "faker==38.0.0",
    "hypothesis==6.147.0",
    "jinja2==3.1.6",
    "matplotlib==3.10.7",
    "networkx==3.5",
    "pygments==2.19.2",
    "setuptools==80.9.0",
    "sqlalchemy==2.0.44",
    "sympy==1.14.0",
)
NAMES = tuple(one.split("==")[0] for one in VENDORED)
FABFILE = "from deploytasks import namespace\n\nns = namespace()\n"


@dataclass(frozen=True)
class Project:
    """A project to deploy, with what it holds."""

    root: Path
    files: int
    bytes: int
    submodules: int

    @property
    def described(self) -> str:
        """Its size, for a row's name."""
        beneath = f", {self.submodules} submodules" if self.submodules else ""
        return f"{self.files} files{beneath}"

    def environment(self, name: str, **keys: object) -> None:
        """Write environments/<name>.env."""
        lines = {"DEPLOY_VENDOR_LOCAL_URLS": "yes", **keys}
        place = self.root / "environments"
        place.mkdir(exist_ok=True)
        text = "".join(f"{key}='{value}'\n" for key, value in lines.items())
        (place / f"{name}.env").write_text(text)

    def change(self, text: str) -> None:
        """Commit a change of one file."""
        (self.root / "page.txt").write_text(text)
        git(self.root, "commit", "--quiet", "--all", "--message", text)


def download(cache: Path) -> None:
    """The packages, unpacked below `cache`; nothing happens when they are there."""
    if (cache / "complete").exists():
        return
    shutil.rmtree(cache, ignore_errors=True)
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    words += ["--disable-pip-version-check", "--dest", str(cache / "wheels"), PROJECT, *VENDORED]
    subprocess.run(words, check=True)
    for wheel in (cache / "wheels").iterdir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(cache / wheel.name.split("-")[0].lower())
    (cache / "complete").touch()


def build(cache: Path, directory: Path) -> Project:
    """A copy below `directory` of the project that `cache` holds, built there the first time."""
    built = cache / "built"
    if not (built / "complete").exists():
        shutil.rmtree(built, ignore_errors=True)
        construct(cache / "packages", built)
        (built / "complete").touch()
    subprocess.run(["cp", "-a", built / "project", directory / "project"], check=True)
    refresh(directory / "project")
    return measured(directory / "project")


def middle(cache: Path, directory: Path) -> Project:
    """A project of Django with one package as a submodule, made below `directory`: ~4,000 files, ~40 MB."""
    construct(cache / "packages", directory, vendored=("sqlalchemy",))
    refresh(directory / "project")
    return measured(directory / "project")


def refresh(root: Path) -> None:
    """Let git learn the copies' times, as it has learned those of anybody's work tree."""
    git(root, "status", "--short")
    git(root, "submodule", "--quiet", "foreach", "git status --short >/dev/null")


def construct(packages: Path, directory: Path, vendored: Sequence[str] = NAMES) -> None:
    """Commit packages in repositories of their own, the `vendored` ones as submodules of Django's."""
    download(packages)
    root = begin(directory / "project", packages / PROJECT.split("==", maxsplit=1)[0])
    for name in vendored:
        finish(begin(directory / "upstream" / name, packages / name))
        add(root, directory / "upstream" / name, name)
    complete(root)


def small(directory: Path, *, files: int, submodules: int = 0) -> Project:
    """A made-up project of `files` files of 2 kB, spread evenly over its own tree and its submodules."""
    parts = [directory / "project", *(directory / "upstream" / f"lib{n:02}" for n in range(submodules))]
    for number, place in enumerate(parts):
        begin(place, None)
        for index in range(number, files, len(parts)):
            path = place / f"package{index // 50:04}" / f"module{index}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# {index}\n" * 200)
        if number:
            finish(place)
            add(parts[0], place, place.name)
    complete(parts[0])
    return measured(parts[0])


def begin(place: Path, content: Path | None) -> Path:
    """A repository with a copy of `content`, not yet committed."""
    if content is None:
        place.mkdir(parents=True)
    else:
        shutil.copytree(content, place)
    git(place, "init", "--quiet", "--initial-branch=main")
    for key, value in WHO.items():
        git(place, "config", key, value)
    return place


def finish(place: Path) -> None:
    git(place, "add", "--all", "--force")
    git(place, "commit", "--quiet", "--message", "Begin")


def add(root: Path, upstream: Path, name: str) -> None:
    """`upstream` as the submodule vendor/<name>."""
    words = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(root, *words, str(upstream), f"vendor/{name}")


def complete(root: Path) -> None:
    """Commit what deploying needs."""
    (root / "fabfile.py").write_text(FABFILE)
    (root / "page.txt").write_text("first\n")
    (root / ".gitignore").write_text("environments/\n")
    finish(root)


def measured(root: Path) -> Project:
    """The project, its files counted one by one: a list of them would count as memory of what is run next."""
    files = size = 0
    for place, directories, names in os.walk(root):
        directories[:] = [name for name in directories if name != ".git"]
        kept = [name for name in names if name != ".git"]
        files += len(kept)
        size += sum((Path(place) / name).stat().st_size for name in kept)
    return Project(root, files, size, len(list((root / "vendor").glob("*"))))
