"""The venv of a release on the host: keyed, immutable, built once, linked; or one of its own."""

from __future__ import annotations

import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import existing, listed, relink
from deploytasks.remote.names import plain
from deploytasks.remote.release.release import path_of
from deploytasks.remote.venv import base, venv
from deploytasks.remote.venv.given import remember
from deploytasks.remote.venv.installer import best, run
from deploytasks.remote.venv.interpreter import Question, find_uv, interpreter, pip_words, platforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.venv.installer import Installer


def install_facts(state: State, python: str = "python3", installer: str = "auto") -> dict[str, Any]:
    """What the interpreter and the installers of this host are, and which venvs are complete."""
    question, state.question = state.question, None
    if question is None or question.python != python:
        question = Question(python)
    uv = find_uv() if installer != "pip" else None
    venvs = os.path.join(state.root, "venvs")
    complete = [name for name in listed(venvs) if name[0] != "." and venv.usable(os.path.join(venvs, name))]
    found = question.answer()
    able = bool(found["can_venv"] and pip_words(found))
    space = os.statvfs(existing(state.root))
    room = {
        "free_bytes": space.f_bavail * space.f_frsize,
        "free_inodes": space.f_favail,
        "has_inodes": space.f_files > 0,
    }
    return {
        **found,
        **room,
        "venv": able,
        "uv": uv or "",
        "installer": "uv" if uv else "pip",
        "venvs": complete,
        "tag": {"cpython": "cp", "pypy": "pp"}.get(found["implementation"], ""),
        "platforms": platforms(found),
    }


def install(
    state: State,
    release: str,
    key: str,
    python: str,
    bundle: str,
    mode: str,
    installer: str,
    packages: dict[str, Any],
    import_paths: dict[str, list[str]] | None = None,
    timeout: float = 3600.0,
) -> dict[str, Any]:
    """Link `.venv` of a release to a venv that is complete, built now if this host has none of that key.

    `import_paths` ({path in the release: module names}) makes it a layer of this release over the keyed one.
    No installer takes longer than `timeout` seconds.
    """
    state.require_lock()
    top = path_of(state, release)
    keyed = os.path.join(state.root, "venvs", plain(key))
    reused = mode != "none" and venv.usable(keyed)
    if mode != "none" and not reused:
        make(state, keyed, best(state, python, installer, timeout), bundle, packages, top)
    names = [key] if mode != "none" else []
    if mode == "none" or import_paths:
        names.append("own-" + release)
        make_own(
            state,
            names[-1],
            python,
            keyed if mode != "none" else None,
            {os.path.join(top, path): modules for path, modules in (import_paths or {}).items()},
            timeout,
        )
    relink("../../venvs/" + names[-1], os.path.join(top, ".venv"))
    remember(top, names)
    return {"key": key, "reused": reused}


def make(
    state: State, keyed: str, installer: Installer, bundle: str, packages: dict[str, Any], top: str
) -> None:
    """The venv `keyed`, from the bundle."""
    if not os.path.isdir(bundle):
        raise Failure(
            "the packages of %s were not shipped; deploy again" % os.path.basename(keyed), "missing"
        )
    venv.make(state, keyed, installer, bundle, packages, top, base.begin)


def make_own(
    state: State, name: str, python: str, keyed: str | None, paths: dict[str, list[str]], timeout: float
) -> None:
    """The venv of one release: a layer over a keyed one; or an empty one with pip, to build in."""
    from deploytasks.remote.venv.layer import make_layer

    place = os.path.join(state.root, "venvs", name)
    if keyed is not None:
        make_layer(place, keyed, paths)
        return
    venv.discard(place)
    found = interpreter(python)
    if found["ensurepip"]:
        words = [found["executable"], "-m", "venv", place]
    elif find_uv():
        state.emit("%s has no ensurepip: the environment has no pip; use `uv pip install`" % python)
        words = [find_uv(), "venv", "--quiet", "--python", found["executable"], place]
    else:
        raise Failure(
            "%s has no ensurepip, and there is no uv; `apt install python3-venv` there" % python, "install"
        )
    run(state, words, "make the environment", timeout)
