"""The executable `deploytasks`: the tasks of the project's fabfile, or where there is none those of deploytasks."""

from __future__ import annotations

import sys
from pathlib import Path

from fabric import Config, Executor
from fabric.main import Fab
from invoke.exceptions import CollectionNotFound, Exit

from .._version import __version__
from .namespace import namespace


class Program(Fab):  # type: ignore[misc]
    """Fabric's own program, which also runs outside a project (`uvx deploytasks init`) and completes values."""

    def load_collection(self) -> None:
        """The project's fabfile; our own tasks where no fabfile is found, unless one was asked for."""
        try:
            super().load_collection()
        except Exit as missing:
            asked = self.args["collection"].value or self.args["search-root"].value
            if asked or not isinstance(missing.__context__, CollectionNotFound):
                raise
            self.collection = namespace()

    def parse_cleanup(self) -> None:
        """Answer `--complete` with tasks, options and their values; else as Fabric does."""
        if not self.args["complete"].value:
            super().parse_cleanup()
            return
        from ..commands.completion import Command, candidates
        from .values import values_of

        contexts = {name: context for context in self.parser.contexts.values() for name in named(context)}
        commands = {name: Command(flags(context)) for name, context in contexts.items()}
        core = Command(flags(self.initial_context))
        for candidate in candidates(
            self.core.remainder, commands, core, values_of(Path.cwd(), self.collection)
        ):
            sys.stdout.write(f"{candidate}\n")
        raise Exit


def named(context: object) -> tuple[str, ...]:
    """The names by which a task can be called."""
    return (context.name, *context.aliases)  # type: ignore[attr-defined]


def flags(context: object) -> dict[str, str]:
    """{flag as typed: the option's name where it takes a value, else an empty text}."""
    arguments = context.flags  # type: ignore[attr-defined]
    return {
        flag: arguments[flag].name.replace("_", "-") if arguments[flag].takes_value else ""
        for flag in context.flag_names()  # type: ignore[attr-defined]
    }


program = Program(version=__version__, name="deploytasks", executor_class=Executor, config_class=Config)


def main() -> None:
    """Run the tasks that the command line names, and exit."""
    program.run()
