"""What a service said, in order: for the last message."""

SHOWN = 4


class Timeline:
    """Equal sayings in a row are one entry: [text, first and last second, times]."""

    def __init__(self):
        self.entries = []

    def saw(self, text, now):
        """Remember that the service said `text` after `now` seconds; answers how often in a row."""
        if self.entries and self.entries[-1][0] == text:
            self.entries[-1][2:] = [now, self.entries[-1][3] + 1]
        else:
            self.entries.append([text, now, now, 1])
        return self.entries[-1][3]

    def __str__(self):
        return ", then ".join(
            "%s for %.0f s (%d×)" % (text, last - first, times)
            for text, first, last, times in self.entries[-SHOWN:]
        )
