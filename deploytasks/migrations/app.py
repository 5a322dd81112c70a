"""The label of an app: what its AppConfig says, where that can be read, else the name of its package."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .files import APP_CONFIGS, joined
from .literals import Names, assignments, names, tail, text
from .migration import Doubt
from .parsing import TOO_MUCH, Unreadable, parsed

SURE = "name it by a text in apps.py"


@dataclass(frozen=True)
class Config:
    """An AppConfig. A `label` of None is one that cannot be read."""

    name: str
    label: str | None
    default: bool | None
    """Whether it says that it is, or is not, the one to use."""


def label(directory: str, files: Mapping[str, bytes]) -> tuple[str, Doubt | None]:
    """That of the app in a directory, and the doubt about it."""
    package = directory.rpartition("/")[2]
    for path in (joined(directory, name) for name in APP_CONFIGS):
        if path in files:
            module = parsed(files[path])
            if isinstance(module, Unreadable):
                return package, module.doubt(path)
            try:
                return chosen(path, package, tuple(configs(module, package)))
            except RecursionError:
                return package, TOO_MUCH.doubt(path)
    return package, None


def chosen(path: str, package: str, found: tuple[Config, ...]) -> tuple[str, Doubt | None]:
    """The label that Django takes from an apps.py when INSTALLED_APPS names the package."""
    ours = [config for config in found if config.name == package] or list(found)
    able = [config for config in ours if config.default is not False]
    labels = {config.label for config in (able if len(able) == 1 else [c for c in able if c.default])}
    labels = labels or {config.label for config in ours}
    only = labels.pop() if len(labels) == 1 else None if labels else package
    if only:
        return only, None
    return package, Doubt("label", path, f"the label of {package} cannot be read", SURE)


def configs(module: ast.Module, package: str) -> Iterator[Config]:
    """Every AppConfig of a module, with what it takes from another one there."""
    constants = names(module, {})
    classes: dict[str, dict[str, ast.expr]] = {}
    for node in module.body:
        if isinstance(node, ast.ClassDef) and any(is_config(base) for base in node.bases):
            inherited = [classes.get(tail(base), {}) for base in reversed(node.bases)]
            own = {name: value for each in node.body for name, value in assignments(each)}
            classes[node.name] = {key: value for each in (*inherited, own) for key, value in each.items()}
            yield config(classes[node.name], package, constants)


def is_config(base: ast.expr) -> bool:
    return tail(base).endswith("Config")


def config(said: Mapping[str, ast.expr], package: str, names: Names) -> Config:
    name = (text(said.get("name"), names) or package).rpartition(".")[2]
    default = said.get("default")
    label = text(said["label"], names) if "label" in said else name
    return Config(
        name,
        label if label and label.isidentifier() else None,
        bool(default.value) if isinstance(default, ast.Constant) else None,
    )
