"""The install step, Django and 30 packages, against `python -m venv` and `pip install -r`: medians in s, and ratios.

Run as `python -m benchmarks.install` at the root of the project. Caches of uv and pip are warm in every row. Exit
code 1 when a deploy that changes no dependency takes more than 0.1 s.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deploytasks.remote.venv import operations
from tests.install.host import UV, Host, package
from tests.release.project import Plain, make_plain
from tests.release.site import Site
from tests.rig import farm

RUNS = int(os.environ.get("RUNS", "3"))
NAMES = """
django asgiref sqlparse requests urllib3 idna certifi charset-normalizer packaging click itsdangerous jinja2 markupsafe
werkzeug flask blinker attrs pluggy iniconfig python-dateutil pytz pyyaml tqdm colorama rich pygments markdown-it-py
mdurl gunicorn whitenoise
"""
SIX = ("six==1.17.0", "six==1.16.0")


def pinned() -> list[str]:
    """Today's versions of the packages, Django and 30 more with six."""
    words = [str(UV), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "-"]
    done = subprocess.run(words, input="\n".join(NAMES.split()), check=True, capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("six==")]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def by_script(place: Path, tree: Path) -> None:
    """What a script does for every release."""
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    words = [place / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*words, "-r", tree / "requirements.txt", tree / "vendor/inhouse"], check=True, **quiet)  # type: ignore[call-overload]


def written(tree: Path, lines: list[str]) -> Path:
    """A project with one vendored package and these requirements."""
    package(tree, "inhouse")
    (tree / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return tree


def rows(directory: Path, installer: str, tree: Path, changed: Path) -> dict[str, float]:
    """Seconds of the install operation by what changed since the release before."""
    host = Host(directory, directory / "cache", installer)
    steps = {
        name: host.arguments(host.bundle(kind), host.release(kind))
        for name, kind in (("all new", tree), ("one pin changed", changed), ("unchanged", tree))
    }
    return {
        name: timed(lambda arguments=arguments: operations.install(host.state, **arguments))  # type: ignore[misc]
        for name, arguments in steps.items()
    }


def code_alone(directory: Path) -> list[float]:
    """Seconds of the install step, its round trip over SSH included, of deploys that change one page."""
    project = make_plain(directory)
    with farm(directory, count=1) as made:
        site = Site(project, made, "app")
        site.configure()
        project.deploy()
        return [of_install(project, run) for run in range(max(RUNS, 3))]


def of_install(project: Plain, run: int) -> float:
    """Change a page, deploy it, and answer what the install step took."""
    project.write("page.txt", f"{run}\n")
    project.commit()
    steps = project.fab("deploy", "--env=staging", "--json").document["steps"]
    return sum(step["seconds"] for step in steps if step["step"] == "install")


def main() -> None:
    """Print a row for each installer and change."""
    os.environ["PATH"] = f"{UV.parent}{os.pathsep}{os.environ['PATH']}"
    lines = pinned()
    script: list[float] = []
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(dir=Path.home()) as made:
        base = Path(made)
        tree, changed = (written(base / pin, [*lines, pin]) for pin in SIX)
        for run in range(RUNS + 1):
            place = base / str(run)
            script.append(timed(lambda place=place: by_script(place, tree)))  # type: ignore[misc]
            for installer in ("uv", "pip"):
                for name, seconds in rows(place / installer, installer, tree, changed).items():
                    found.setdefault((installer, name), []).append(seconds)
            shutil.rmtree(place, ignore_errors=True)
    fresh = statistics.median(script[1:])
    print(f"{len(lines) + 1} packages and a vendored one; venv + pip install -r: {fresh:.2f} s")
    for (installer, name), measured in found.items():
        middle = statistics.median(measured[1:])
        print(f"{installer:<4}{name:<17}{middle:8.3f} s   {fresh / middle:8.1f} times as fast")
    with tempfile.TemporaryDirectory() as made:
        over_ssh = statistics.median(code_alone(Path(made)))
    print(f"the install step of a deploy of code alone over SSH: {over_ssh:.3f} s, its round trip included")
    unchanged = [statistics.median(found[one, "unchanged"][1:]) for one in ("uv", "pip")]
    raise SystemExit(any(seconds > 0.1 for seconds in (*unchanged, over_ssh)))


if __name__ == "__main__":
    main()
