"""The one exception that an operation raises for a failure it can explain."""


class Failure(Exception):
    """`message` reads `<what is wrong>; <next move>`; `kind` is what the control side decides on, never the text."""

    def __init__(self, message: str, kind: str = "failed") -> None:
        super().__init__(message)
        self.kind = kind
