"""Build hook: bundles patchwork, which no resolver can put beside Fabric 3, as deploytasks/_vendor/patchwork.

The text comes from the build's own isolated environment (build-system.requires); its two uses of the `six` that
Invoke 2 no longer has are replaced. Nothing of it is ever committed. Drop the hook when patchwork supports Fabric 3.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

REPLACED = (("from invoke.vendor import six\n", ""), ("six.string_types", "str"))
PATCHED = ("transfers.py", "files.py")
LICENSE = "LICENSE.txt"
NOTE = '"""Bundled at build time, never committed; see hatch_build.py."""\n'


class BundlePatchwork(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """A wheel, editable or not, has patchwork and its licence; an sdist has neither, its wheel is built later."""
        if self.target_name == "sdist":
            return
        target = Path(self.root) / "deploytasks/_vendor"
        shutil.rmtree(target, ignore_errors=True)
        bundle(metadata.distribution("patchwork"), target / "patchwork")
        (target / "__init__.py").write_text(NOTE, "utf-8")
        build_data["artifacts"].append("deploytasks/_vendor/**")


def bundle(patchwork: metadata.Distribution, target: Path) -> None:
    """Copy the package and its licence, and patch the copy."""
    package = str(patchwork.locate_file("patchwork"))
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
    (target / LICENSE).write_text(found(patchwork.read_text(LICENSE), LICENSE), "utf-8")
    for name in PATCHED:
        patch(target / name)


def patch(path: Path) -> None:
    """Replace the uses of `six`; the build fails when the text is not what it was."""
    text = path.read_text("utf-8")
    for old, new in REPLACED:
        text = found(text if old in text else None, f"{old.strip()!r} in {path.name}").replace(old, new)
    path.write_text(text, "utf-8")


def found(text: str | None, what: str) -> str:
    """The text; an error that ends the build when there is none."""
    if not text:
        raise RuntimeError(f"patchwork: no {what}; it is not the version that hatch_build.py knows")
    return text
