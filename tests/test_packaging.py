"""However it is installed, there are `fab`, `inv` and the bundled patchwork; the repository holds no copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
LEFT_OUT = (".git", ".venv", "_vendor", "build", "dist", "__pycache__", ".*_cache", "uv.lock")
PATCHWORK = """
from pathlib import Path
from deploytasks._vendor.patchwork import files, transfers
print(transfers.rsync.__name__, files.exists.__name__, Path(transfers.__file__).with_name("LICENSE.txt").exists())
"""


def run(*words: str | Path, cwd: Path) -> str:
    """What the command prints, run as in no virtual environment; it succeeds."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This repository as in a fresh clone: nothing built, nothing installed."""
    return Path(shutil.copytree(REPOSITORY, tmp_path / "src", ignore=shutil.ignore_patterns(*LEFT_OUT)))


def by_pip(checkout: Path, *words: str) -> Path:
    venv = checkout.parent / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=checkout)
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        venv,
        "install",
        "--quiet",
        "--no-compile",
        *words,
        cwd=checkout,
    )
    return venv


def by_pip_install(checkout: Path) -> Path:
    return by_pip(checkout, ".")


def by_pip_install_editable(checkout: Path) -> Path:
    return by_pip(checkout, "--editable", ".")


def by_uv_sync(checkout: Path) -> Path:
    run(UV, "sync", "--quiet", "--python", sys.executable, "--no-default-groups", cwd=checkout)
    return checkout / ".venv"


def by_uv_from_a_wheel(checkout: Path) -> Path:
    venv = checkout.parent / "venv"
    run(UV, "build", "--quiet", "--out-dir", "../dist", cwd=checkout)
    (wheel,) = (checkout.parent / "dist").glob("*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, venv, cwd=checkout)
    run(UV, "pip", "install", "--quiet", "--python", venv / "bin/python", wheel, cwd=checkout)
    return venv


@pytest.mark.parametrize("install", [by_pip_install, by_pip_install_editable, by_uv_sync, by_uv_from_a_wheel])
def test_every_way_to_install_gives_the_same_tasks_to_fab_and_inv_and_a_patchwork_that_imports(
    install: Callable[[Path], Path], checkout: Path
) -> None:
    venv = install(checkout)
    project = checkout / "examples/blog"

    assert run(venv / "bin/python", "-c", PATCHWORK, cwd=checkout.parent) == "rsync exists True\n"
    listed = [
        run(venv / f"bin/{program}", "--list", cwd=project).splitlines()[1:] for program in ("fab", "inv")
    ]
    assert listed[0] == listed[1]
    assert any(line.split()[:1] == ["deploy"] for line in listed[0])


def test_the_wheel_holds_patchwork_without_six_and_the_sdist_holds_none_of_it(checkout: Path) -> None:
    run(UV, "build", "--quiet", "--out-dir", "../dist", cwd=checkout)
    (sdist,), (wheel,) = ((checkout.parent / "dist").glob(name) for name in ("*.tar.gz", "*.whl"))

    with tarfile.open(sdist) as built:
        assert [name for name in built.getnames() if "patchwork" in name] == []
    with zipfile.ZipFile(wheel) as built:
        bundled = {name: built.read(name).decode() for name in built.namelist() if "/patchwork/" in name}
    assert {"deploytasks/_vendor/patchwork/transfers.py", "deploytasks/_vendor/patchwork/LICENSE.txt"} <= set(
        bundled
    )
    assert [name for name, text in bundled.items() if "six" in text] == []


def test_the_build_fails_when_patchwork_is_not_the_text_that_the_hook_patches(checkout: Path) -> None:
    hook = checkout / "hatch_build.py"
    hook.write_text(hook.read_text("utf-8").replace("six.string_types", "seven.string_types"), "utf-8")

    build = [UV, "build", "--wheel", "--out-dir", "../dist"]
    done = subprocess.run(build, cwd=checkout, capture_output=True, text=True)

    assert done.returncode != 0
    assert "patchwork: no 'seven.string_types' in transfers.py" in done.stderr


def long_lines(path: Path) -> set[str]:
    return {
        line
        for line in map(str.strip, path.read_bytes().decode(errors="replace").splitlines())
        if len(line) > 40
    }


def test_no_tracked_file_holds_a_line_of_patchwork_code() -> None:
    bundled = (REPOSITORY / "deploytasks/_vendor/patchwork").rglob("*.py")
    theirs = {line for path in bundled for line in long_lines(path)}
    tracked = run("git", "ls-files", "-z", cwd=REPOSITORY).split("\0")[:-1]

    assert theirs
    assert [name for name in tracked if theirs & long_lines(REPOSITORY / name)] == []
