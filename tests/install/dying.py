"""A program: carries out one `install` like the agent, and is killed with SIGKILL at a moment of it."""

import json
import os
import re
import signal
import sys
from typing import Any, NoReturn

from deploytasks.remote import install, lock
from deploytasks.remote.state import State


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


class Moment:
    """An audit hook that ends the process when it sees what it waits for, `count` times."""

    def __init__(self, event: str, part: str, count: int = 1) -> None:
        self.event, self.part, self.count = event, part, count

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == self.event and any(re.search(self.part, str(one)) for one in arguments):
            self.count -= 1
            if self.count == 0:
                die()


MOMENTS = {
    "before the environment is made": Moment("subprocess.Popen", "venv"),
    "before the import check": Moment("subprocess.Popen", "importlib"),
    "while it is sealed": Moment("os.chmod", "site-packages", 10),
    "before it is moved to its place": Moment("os.rename", "venvs/[0-9a-f]{24}$"),
    "before it is marked complete": Moment("os.rename", "/[.]complete$"),
    "before the release is linked to it": Moment("os.symlink", "../../venvs/"),
}


def main(root: str, moment: str, arguments: dict[str, Any]) -> None:
    state = State()
    state.root, state.token = root, "killed-run"
    assert lock.acquire(root, state.token, {"user": "ada", "machine": "here"})["acquired"]
    if moment == "while the installer runs":
        state.emit = lambda line: die() if "idna" in line else None
    else:
        sys.addaudithook(MOMENTS[moment])
    install.install(state, **arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
