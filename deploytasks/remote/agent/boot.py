"""First thing that runs on the host: makes the modules that came over stdin importable, then starts the agent."""

import importlib.machinery
import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


class Sources:
    """Imports modules from texts held in memory; each is compiled when it is first needed.

    Finder and loader without their base classes, whose module takes longer to import than all of the agent.
    """

    def __init__(self, texts: "dict[str, str]") -> None:
        self.texts = texts
        self.packages = {name[:at] for name in texts for at, sign in enumerate(name) if sign == "."}

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> "importlib.machinery.ModuleSpec | None":
        loader: Any = self
        if name in self.packages:
            return importlib.machinery.ModuleSpec(name, loader, is_package=True)
        return importlib.machinery.ModuleSpec(name, loader) if name in self.texts else None

    def create_module(self, spec: "importlib.machinery.ModuleSpec") -> "ModuleType | None":
        """The usual kind of module."""

    def exec_module(self, module: "ModuleType") -> None:
        name = module.__name__
        if name in self.texts:
            exec(compile(self.texts[name], "<" + name + ">", "exec", dont_inherit=True), module.__dict__)


def start(texts: "dict[str, str]") -> None:
    """Run the agent, or say in its own protocol that this Python is too old."""
    if sys.version_info < (3, 8):
        version = ".".join(str(part) for part in sys.version_info[:3])
        error = (
            "python3 is %s, deploytasks needs 3.8 or newer on the host; set DEPLOY_PYTHON to a newer one"
            % version
        )
        print(json.dumps({"event": "fatal", "error": error}), flush=True)
        return
    sys.meta_path.insert(0, Sources(texts))
    importlib.import_module("deploytasks.remote.agent.agent").main()


if "SOURCES" in globals():
    start(globals()["SOURCES"])
