"""What is put aside by a rename and deleted afterwards by a process nobody waits for."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import uuid

from deploytasks.remote.files import listed, make_directory, open_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.agent.state import State

NAME = ".trash"
"""Of the one beside what cannot be renamed into `.deploytasks`, because it is on another disk."""
DELETE = """
import os, shutil, sys
def writable(function, path, _):
    for one in (os.path.dirname(path), path):
        try:
            os.path.islink(one) or os.chmod(one, 0o700)
        except OSError:
            pass
    shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else None
    try:
        os.unlink(path)
    except OSError:
        pass
os.nice(10)
os.fchdir(int(sys.argv[1]))
for name in os.listdir("."):
    path = os.path.join(".", name)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, onerror=writable)
    else:
        os.unlink(path)
"""


def trashes(root: str) -> list[str]:
    """Where things are put aside: one in `.deploytasks`, and one beside what may be on another disk."""
    beside = (os.path.join(root, name, NAME) for name in ("releases", "venvs"))
    return [os.path.join(root, ".deploytasks", "trash"), *beside]


def empty(root: str) -> None:
    """Delete what was put aside, detached from this conversation."""
    for trash in trashes(root):
        if not listed(trash):
            continue
        descriptor = open_directory(trash)
        try:
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", DELETE, str(descriptor)],
                start_new_session=True,
                pass_fds=(descriptor,),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(descriptor)


def retire(state: State, place: str) -> None:
    """Put something aside, for `empty` to delete; a link goes, and not what it leads to."""
    trash = os.path.join(state.root, ".deploytasks", "trash")
    make_directory(trash, 0o700)
    if os.path.isdir(place) and not os.path.islink(place):
        os.chmod(place, 0o755)  # a directory without w cannot be renamed into another
    name = "%s.%s" % (os.path.basename(place), uuid.uuid4().hex[:8])
    try:
        move(place, trash, name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = os.path.join(os.path.dirname(place), NAME)
        make_directory(beside, 0o700)
        move(place, beside, name)


def move(place: str, directory: str, name: str) -> None:
    """Rename something into a directory that no link stands for."""
    descriptor = open_directory(directory)
    try:
        os.rename(place, name, dst_dir_fd=descriptor)
    finally:
        os.close(descriptor)
