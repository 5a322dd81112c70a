"""What is put aside by a rename and deleted afterwards by a process nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.agent.state import State

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


def empty(trash: str) -> None:
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


def retire(state: State, place: str) -> None:
    """Move something into the trash, which a later collection empties."""
    trash = os.path.join(state.root, ".deploytasks", "trash")
    os.makedirs(trash, 0o700, exist_ok=True)
    if os.path.isdir(place) and not os.path.islink(place):
        os.chmod(place, 0o755)  # a directory without w cannot be renamed into another
    os.rename(place, os.path.join(trash, "%s.%s" % (os.path.basename(place), uuid.uuid4().hex[:8])))
