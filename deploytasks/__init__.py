"""Deploy Python applications with private, vendored dependencies.

A scripted release:

    from deploytasks import execute, load_environment, plan_deploy
    report = execute(plan_deploy(load_environment("staging")))
    raise SystemExit(report.exit_code)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import bytecode
from ._version import __version__

if TYPE_CHECKING:
    from .api import execute, load_environment, plan_deploy, preview, releases, rollback, status
    from .errors import DeployError
    from .operation import Operation
    from .recipe.default import DEFAULT
    from .recipe.recipe import Recipe, Step, step
    from .report import Report
    from .shell import shell_line
    from .tasks.namespace import namespace


_HOMES = {
    "namespace": "tasks.namespace",
    "DEFAULT": "recipe.default",
    "Recipe": "recipe.recipe",
    "Step": "recipe.recipe",
    "step": "recipe.recipe",
    "DeployError": "errors",
    "Report": "report",
    "Operation": "operation",
    "shell_line": "shell",
    "load_environment": "api",
    "plan_deploy": "api",
    "execute": "api",
    "rollback": "api",
    "status": "api",
    "releases": "api",
    "preview": "api",
}

__all__ = [
    "DEFAULT",
    "DeployError",
    "Operation",
    "Recipe",
    "Report",
    "Step",
    "__version__",
    "execute",
    "load_environment",
    "namespace",
    "plan_deploy",
    "preview",
    "releases",
    "rollback",
    "shell_line",
    "status",
    "step",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that a task list costs no more than it shows."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with bytecode.kept():
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
