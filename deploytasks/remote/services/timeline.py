"""What a service said, in order: for the last message."""

from __future__ import annotations

SHOWN = 4


class Timeline:
    """Equal sayings in a row are one entry: text, first and last second, times."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, float, float, int]] = []

    def saw(self, text: str, now: float) -> int:
        """Remember that the service said `text` after `now` seconds; answers how often in a row."""
        if self.entries and self.entries[-1][0] == text:
            _, first, _, times = self.entries.pop()
            self.entries.append((text, first, now, times + 1))
        else:
            self.entries.append((text, now, now, 1))
        return self.entries[-1][3]

    def __str__(self) -> str:
        return ", then ".join(
            "%s for %.0f s (%d×)" % (text, last - first, times)
            for text, first, last, times in self.entries[-SHOWN:]
        )
