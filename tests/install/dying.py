"""The python3 of a host, given a shebang: its agent dies at the moment of an install that `moment` beside it names.

Where there is `hold` too, it stays at that moment instead, and renames `hold` to `held`.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from threading import Event
from typing import Any


class Moment:
    """An audit hook that ends the process when it sees what it waits for, `count` times."""

    def __init__(self, event: str, part: str, count: int = 1) -> None:
        self.event, self.part, self.count = event, part, count

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == self.event and any(re.search(self.part, str(one)) for one in arguments):
            self.count -= 1
            if self.count == 0:
                self.end()

    def end(self) -> None:
        hold = Path(__file__).with_name("hold")
        if not hold.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        hold.rename(hold.with_name("held"))
        Event().wait()


MOMENTS = {
    "before the environment is made": Moment("subprocess.Popen", "'venv'"),
    "before the import check": Moment("subprocess.Popen", "import_module"),
    "while it is sealed": Moment("os.chmod", "site-packages", 10),
    "before it is moved to its place": Moment("os.rename", "venvs/[0-9a-f]{24}$"),
    "before the release is linked to it": Moment("os.symlink", "../../venvs/"),
}


def main(words: list[str]) -> None:
    """Be the Python that reads this, but for an agent (the one that is started with -S) at its moment."""
    moment = Path(__file__).with_name("moment")
    if "-S" not in words or not moment.exists():
        os.execv(sys.executable, [sys.executable, *words])
    sys.addaudithook(MOMENTS[moment.read_text()])
    exec(words[words.index("-c") + 1], {"__name__": "__main__"})


if __name__ == "__main__":
    main(sys.argv[1:])
