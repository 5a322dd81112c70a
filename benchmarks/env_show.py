"""What `inv env.show` costs beyond `inv --list` with an empty tasks.py: the best of runs taken in turn, in ms.

The best, because what else a machine does only ever adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 21
FABFILE = "from deploytasks import namespace\n\nns = namespace()\n"
ENVIRONMENT = "DEPLOY_HOSTS=local:\nDEPLOY_PATH=.deploy/dev\nDATABASE_URL=postgres://app:secret@db/app\n"
INVOKE = (sys.executable, "-c", "from invoke.main import program; program.run()")


def seconds(place: Path, *words: str) -> float:
    """How long one run of `inv` takes in a directory."""
    begun = time.perf_counter()
    compiled = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        (*INVOKE, *words),
        cwd=place,
        env=compiled,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - begun


def main() -> None:
    """Print both and their difference; exit 1 when it is above 60 ms."""
    with tempfile.TemporaryDirectory() as made:
        empty, project = Path(made, "empty"), Path(made, "project")
        (project / "environments").mkdir(parents=True)
        empty.mkdir()
        (empty / "tasks.py").touch()
        (project / "tasks.py").write_text(FABFILE, "utf-8")
        (project / "environments" / "dev.env").write_text(ENVIRONMENT, "utf-8")
        runs = [
            (seconds(empty, "--list"), seconds(project, "env.show", "--env=dev")) for _ in range(RUNS + 1)
        ]
    listing, showing = (min(column) * 1000 for column in zip(*runs[1:], strict=True))
    print(f"inv --list {listing:.0f}  inv env.show {showing:.0f}  difference {showing - listing:.0f}")
    raise SystemExit(showing - listing > 60)


if __name__ == "__main__":
    main()
