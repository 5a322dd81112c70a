"""What a conversation tells of what an operation prints."""

from __future__ import annotations

from collections.abc import Callable

OnLine = Callable[[str, str], None]
"""Called with (step, line) for every line that an operation prints on the host, while it runs, already redacted."""
