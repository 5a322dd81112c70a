"""Retiring releases: out of the way by rename under the lock, deleted afterwards by a process nobody waits for."""

import os
import subprocess
import sys

from deploytasks.remote.failure import of_system

DELETE = """
import os, shutil, sys
def writable(function, path, _):
    os.chmod(os.path.dirname(path), 0o700)
    try:
        os.chmod(path, 0o700)
        function(path)
    except OSError:
        pass
os.nice(10)
for name in os.listdir(sys.argv[1]):
    path = os.path.join(sys.argv[1], name)
    shutil.rmtree(path, onerror=writable) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
"""


def tidy(state, releases, keep):
    """Prune and collect after a deploy, which no trouble here makes fail; answers what the trouble was."""
    from deploytasks.remote.install import collect

    try:
        retired = prune(state, releases)
        collect(state, keep)
        return {**retired, "problem": ""}
    except OSError as error:
        return {"retired": [], "problem": of_system(error)}


def prune(state, releases):
    """Retire releases (never current); the newest whole one becomes the spare tree of a later deploy."""
    from deploytasks.remote.inventory import served
    from deploytasks.remote.manifest import MANIFEST

    state.require_lock()
    private = os.path.join(state.root, ".deploytasks")
    spare, trash = os.path.join(private, "spare"), os.path.join(private, "trash")
    os.makedirs(spare, 0o700, exist_ok=True)
    os.makedirs(trash, 0o700, exist_ok=True)
    retired = []
    for release in sorted(releases, reverse=True):
        path = os.path.join(state.root, "releases", release)
        if release == served(state.root) or not os.path.isdir(path):
            continue
        whole = os.path.exists(os.path.join(path, MANIFEST))
        os.rename(path, os.path.join(spare if whole and not os.listdir(spare) else trash, release))
        retired.append(release)
    empty(trash)
    return {"retired": retired}


def empty(trash):
    """Delete what is in the trash, detached from this conversation."""
    if os.path.isdir(trash) and os.listdir(trash):
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", DELETE, trash],
            start_new_session=True,
            close_fds=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
