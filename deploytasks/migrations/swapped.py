"""Models that a project puts in another's place: settings such as AUTH_USER_MODEL, read from its settings files."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .files import is_settings
from .links import is_name
from .literals import assignments, names, text
from .parsing import Unreadable, parsed

DEFAULTS = {"AUTH_USER_MODEL": "auth.User"}


def models(files: Mapping[str, bytes]) -> dict[str, str]:
    """{setting: "app.Model"}, the first where files disagree. Django's own defaults for what none of them says."""
    found: dict[str, str] = {}
    for path in sorted(filter(is_settings, files)):
        module = parsed(files[path])
        try:
            said = {} if isinstance(module, Unreadable) else dict(named_models(module))
        except RecursionError:
            said = {}
        found = {**said, **found}
    return {**DEFAULTS, **found}


def named_models(module: ast.Module) -> Iterator[tuple[str, str]]:
    constants = names(module, {})
    for node in module.body:
        for name, value in assignments(node):
            model = text(value, constants) if name.endswith("_MODEL") else None
            if model is not None and is_name(model):
                yield name, model
