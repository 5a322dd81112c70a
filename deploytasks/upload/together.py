"""Several uploads that fill one target at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..operation import Result
from .progress import OnProgress, Progress
from .upload import Upload


class Together:
    """Uploads of the shares of one tree, to others like a single one. Each of `makers` makes one of them."""

    def __init__(self, makers: Sequence[Callable[[OnProgress], Upload]], on_progress: OnProgress) -> None:
        self._on_progress, self._begun = on_progress, time.monotonic()
        self._guard = threading.Lock()
        self._known = [Progress()] * len(makers)
        self._uploads = [make(self._teller(number)) for number, make in enumerate(makers)]

    def run(self) -> Result:
        """Upload every share. The first that fails ends the others, and its result is that of all."""
        with ThreadPoolExecutor(len(self._uploads)) as pool:
            results = list(pool.map(self._carry_out, self._uploads))
        failures = [result for result in results if not result.ok]
        if failures:
            return next((one for one in failures if one.kind != "cancelled"), failures[0])
        value = {name: sum(result.value[name] for result in results) for name in ("files", "bytes")}
        return Result(True, value=value, seconds=max(result.seconds for result in results))

    def cancel(self) -> None:
        """End every upload, from any thread."""
        for upload in self._uploads:
            upload.cancel()

    def _carry_out(self, upload: Upload) -> Result:
        result = None
        try:
            result = upload.run()
            return result
        finally:
            if result is None or not result.ok:
                self.cancel()

    def _teller(self, number: int) -> OnProgress:
        def tell(progress: Progress) -> None:
            with self._guard:
                self._known[number] = progress
                sent = sum(one.bytes for one in self._known)
                rate = sent / max(0.001, time.monotonic() - self._begun)
                total = Progress(
                    bytes=sent,
                    files=sum(one.files for one in self._known),
                    percent=min(one.percent for one in self._known),
                    rate=f"{rate / 1e6:.2f}MB/s",
                )
            self._on_progress(total)

        return tell
