"""Files of a deployment, which others may have touched: read only where they are regular files, and written so that
nobody ever sees half of one.

From a directory `.deploytasks` on no link is followed, so that what stands in there never leads out of DEPLOY_PATH.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import uuid

from deploytasks.remote.failure import Failure
from deploytasks.remote.shape import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PRIVATE = (".deploytasks", ".trash")
MOST = 256 * 1024 * 1024
"""Bytes of the largest file that is read: a manifest of some million paths."""
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO or device must not make anybody wait


def damaged(path: str, what: str) -> Failure:
    """What is said of something that is not what deploytasks left there."""
    return Failure("%s %s; see what it is, and move it away" % (path, what), "damaged")


def open_directory(path: str, make: int | None = None) -> int:
    """A descriptor of a directory; with `make` (a mode) what is missing of it from `.deploytasks` on is made."""
    parts = path.split("/")
    at = next((number for number, part in enumerate(parts) if part in PRIVATE), len(parts))
    descriptor = os.open("/".join(parts[:at]) or ("/" if path[:1] == "/" else "."), DIRECTORY)
    for number in range(at, len(parts)):
        outer = descriptor
        try:
            if make is not None:
                made(parts[number], outer, make)
            descriptor = os.open(parts[number], DIRECTORY | os.O_NOFOLLOW, dir_fd=outer)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise damaged("/".join(parts[: number + 1]), "is not a directory") from None
        finally:
            os.close(outer)
    return descriptor


def made(name: str, within: int, mode: int) -> None:
    """Make a directory where there is nothing of that name."""
    try:
        os.mkdir(name, mode, dir_fd=within)
    except FileExistsError:
        pass


def make_directory(path: str, mode: int = 0o755) -> None:
    """A directory in `.deploytasks` is there, and is no link."""
    os.close(open_directory(path, mode))


def open_file(path: str, flags: int, mode: int = 0o644) -> int:
    """A descriptor of a regular file; Failure(kind="damaged") for anything else that stands there."""
    directory, name = os.path.split(path)
    within = open_directory(directory)
    try:
        descriptor = os.open(name, flags | FILE, mode, dir_fd=within)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise
        raise damaged(path, "is not a file") from None
    finally:
        os.close(within)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise damaged(path, "is not a file")
    return descriptor


def read(path: str) -> bytes:
    """The content of a regular file. Raises FileNotFoundError, Failure(kind="damaged") for what is none."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as stream:
        content = stream.read(MOST + 1)
    if len(content) > MOST:
        raise damaged(path, "is larger than anything that is written there")
    return content


def read_json(path: str, shape: Any, default: Any = None) -> Any:
    """The JSON document at `path`, which has that shape (see shape.py); `default` when it is missing.

    Failure(kind="damaged") for anything else.
    """
    try:
        found = json.loads(read(path).decode("utf-8"))
    except FileNotFoundError:
        return default
    except (ValueError, RecursionError):
        raise damaged(path, "holds no JSON") from None
    if not fits(found, shape):
        raise damaged(path, "does not hold what deploytasks writes there")
    return found


def known_json(path: str, shape: Any, default: Any) -> Any:
    """The same where nothing depends on it: `default` also when it cannot be read."""
    try:
        return read_json(path, shape, default)
    except (OSError, Failure):
        return default


def write(path: str, text: str, mode: int = 0o644, group: int | None = None) -> None:
    """Replace `path` atomically; the file has `mode` (and group id) before its first byte."""
    directory, name = os.path.split(path)
    within, temporary = open_directory(directory), "%s.%s.new" % (name, uuid.uuid4().hex[:12])
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, mode & 0o600, dir_fd=within)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
                if group is not None:
                    os.fchown(stream.fileno(), -1, group)
                os.fchmod(stream.fileno(), mode)
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, name, src_dir_fd=within, dst_dir_fd=within)
        except BaseException:
            os.unlink(temporary, dir_fd=within)
            raise
    finally:
        os.close(within)


def write_json(path: str, data: object, mode: int = 0o644, group: int | None = None) -> None:
    """Like `write`, one JSON document."""
    write(path, json.dumps(data, indent=None, separators=(",", ":")) + "\n", mode, group)


def relink(target: str, path: str) -> None:
    """Make the symlink `path` point to `target` by one rename, so that it is never missing."""
    temporary = "%s.%s.new" % (path, uuid.uuid4().hex[:12])
    os.symlink(target, temporary)
    try:
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def existing(path: str) -> str:
    """The nearest directory at or above `path` that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path) or "/"
    return path


def remove(path: str) -> None:
    """Remove a file, a link or a whole directory; nothing happens when it is missing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def unlink(path: str, by: Callable[..., None] = os.unlink) -> None:
    """Remove a file, or with os.rmdir an empty directory; no link is followed to it."""
    directory, name = os.path.split(path)
    within = open_directory(directory)
    try:
        by(name, dir_fd=within)
    finally:
        os.close(within)


def listed(directory: str) -> list[str]:
    """The names in a directory, sorted; none where there is no such directory."""
    try:
        descriptor = open_directory(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        return sorted(os.listdir(descriptor))
    finally:
        os.close(descriptor)
