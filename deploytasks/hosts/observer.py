"""Observer: who is told what happens while it happens. The API is silent; the console watches."""

from __future__ import annotations

from typing import Protocol

from ..operation import Result


class Observer(Protocol):
    """Called from many threads; must not raise. `host` is empty for what is done here."""

    def started(self, step: str, host: str) -> None:
        """A step begins."""

    def line(self, step: str, host: str, text: str) -> None:
        """A line that the step's command printed, with secrets masked."""

    def progress(self, step: str, host: str, text: str) -> None:
        """A passing state (bytes sent, what is waited for): shown live on a terminal, else now and then."""

    def finished(self, step: str, host: str, result: Result) -> None:
        """A step has ended, well or not."""

    def note(self, text: str) -> None:
        """What belongs to no step."""


class Silent:
    """Watches nothing; an observer of your own can begin as one."""

    def started(self, step: str, host: str) -> None: ...

    def line(self, step: str, host: str, text: str) -> None: ...

    def progress(self, step: str, host: str, text: str) -> None: ...

    def finished(self, step: str, host: str, result: Result) -> None: ...

    def note(self, text: str) -> None: ...
