"""Observer: who is told what happens while it happens. The API is silent; the console watches."""

from __future__ import annotations

from typing import Protocol

from ..operation import Result


class Observer(Protocol):
    """Called from many threads; must not raise."""

    def started(self, step: str, host: str) -> None: ...

    def line(self, step: str, host: str, text: str) -> None: ...

    def progress(self, step: str, host: str, text: str) -> None:
        """A passing state (bytes sent, what is waited for): shown live on a terminal, else now and then."""
        ...

    def finished(self, step: str, host: str, result: Result) -> None: ...

    def note(self, text: str) -> None: ...


class Silent:
    """Watches nothing."""

    def started(self, step: str, host: str) -> None: ...

    def line(self, step: str, host: str, text: str) -> None: ...

    def progress(self, step: str, host: str, text: str) -> None: ...

    def finished(self, step: str, host: str, result: Result) -> None: ...

    def note(self, text: str) -> None: ...
