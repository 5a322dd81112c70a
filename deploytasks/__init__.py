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
    from .commands.planning import Caller
    from .config.environment import Environment, Host, Origin, Variable
    from .config.secret import Secret
    from .config.settings import Settings
    from .errors import DeployError
    from .hosts.observer import Observer, Silent
    from .operation import Operation, Result
    from .recipe.context import StepContext
    from .recipe.default import DEFAULT
    from .recipe.plan import Options, Plan
    from .recipe.recipe import Recipe, Step, step
    from .report import HostOutcome, Report, StepOutcome
    from .shell import Command, shell_line
    from .ssh.route import SshOptions
    from .tasks.namespace import namespace


_NAMES = {
    "api": ("execute", "load_environment", "plan_deploy", "preview", "releases", "rollback", "status"),
    "commands.planning": ("Caller",),
    "config.environment": ("Environment", "Host", "Origin", "Variable"),
    "config.secret": ("Secret",),
    "config.settings": ("Settings",),
    "errors": ("DeployError",),
    "hosts.observer": ("Observer", "Silent"),
    "operation": ("Operation", "Result"),
    "recipe.context": ("StepContext",),
    "recipe.default": ("DEFAULT",),
    "recipe.plan": ("Options", "Plan"),
    "recipe.recipe": ("Recipe", "Step", "step"),
    "report": ("HostOutcome", "Report", "StepOutcome"),
    "shell": ("Command", "shell_line"),
    "ssh.route": ("SshOptions",),
    "tasks.namespace": ("namespace",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [
    "DEFAULT",
    "Caller",
    "Command",
    "DeployError",
    "Environment",
    "Host",
    "HostOutcome",
    "Observer",
    "Operation",
    "Options",
    "Origin",
    "Plan",
    "Recipe",
    "Report",
    "Result",
    "Secret",
    "Settings",
    "Silent",
    "SshOptions",
    "Step",
    "StepContext",
    "StepOutcome",
    "Variable",
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
