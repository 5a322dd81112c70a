"""The live view of a terminal."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast

from .visible import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from .stream import Stream
    from .watcher import Place


class Live:
    """What still runs, a line each with its time, below the lines that stay. The terminal only; rich draws it."""

    def __init__(self, stream: Stream) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}", markup=False),
        )
        self._progress: Progress = Progress(
            *columns, console=Console(file=cast("IO[str]", stream)), transient=True
        )
        self._tasks: dict[Place, TaskID] = {}
        self._progress.start()

    def state(self, place: Place, text: str) -> None:
        """Show a step on a host with its passing state."""
        if place not in self._tasks:
            name = f"{place[0]:<18}{place[1] or 'here':<24}"
            self._tasks[place] = self._progress.add_task(shown(name), total=None, state=shown(text))
        else:
            self._progress.update(self._tasks[place], state=shown(text))

    def forget(self, place: Place) -> None:
        """The step has ended there."""
        task = self._tasks.pop(place, None)
        if task is not None:
            self._progress.remove_task(task)

    def print(self, text: str) -> None:
        """A line that stays."""
        self._progress.console.print(shown(text), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()
