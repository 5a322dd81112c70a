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


class BundlePatchwork(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        target = Path(self.root) / "deploytasks" / "_vendor"
        if self.target_name == "sdist":
            return
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(installed(), target / "patchwork", ignore=shutil.ignore_patterns("__pycache__"))
        (target / "__init__.py").write_text('"""Bundled at build time, never committed; see hatch_build.py."""\n', "utf-8")
        for name in PATCHED:
            patch(target / "patchwork" / name)
        build_data["artifacts"].append("deploytasks/_vendor/**")


def installed() -> Path:
    """The patchwork package of the build environment."""
    return Path(str(metadata.distribution("patchwork").locate_file("patchwork")))


def patch(path: Path) -> None:
    """Replace the uses of `six`; the build fails when the text is not what it was."""
    text = path.read_text("utf-8")
    for old, new in REPLACED:
        if old not in text:
            raise RuntimeError(f"{path}: {old.strip()!r} is not in it; this patchwork is not the one hatch_build.py knows")
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
