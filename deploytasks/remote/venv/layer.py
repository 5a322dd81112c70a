"""The venv of one release: the packages of a keyed one behind the release's own import paths."""

from __future__ import annotations

import os

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import write
from deploytasks.remote.venv.venv import discard, site_packages


def make_layer(place: str, keyed: str, paths: dict[str, list[str]]) -> None:
    """A thin venv at `place`: as `keyed`, with the modules of `paths` ({directory: names}) importable."""
    packages = site_packages(keyed)
    refuse_shadows(packages, paths)
    discard(place)
    inside = os.path.join(place, os.path.relpath(packages, keyed))
    os.makedirs(inside)
    os.mkdir(os.path.join(place, "bin"))
    names = (os.path.basename(keyed), os.path.basename(place))
    scripts = [os.path.join("bin", name) for name in os.listdir(os.path.join(keyed, "bin"))]
    for name in ["pyvenv.cfg", *scripts]:
        borrow(os.path.join(keyed, name), os.path.join(place, name), *names)
    # addsitedir and not a plain line: .pth files in there must count too
    lines = [*paths, "import site; site.addsitedir(%r)" % packages]
    write(os.path.join(inside, "deploytasks.pth"), "\n".join(lines) + "\n")


def refuse_shadows(packages: str, paths: dict[str, list[str]]) -> None:
    """Failure when a module of `paths` has the name of one that is installed."""
    taken = {name.partition(".")[0] for name in os.listdir(packages)}
    for path, names in paths.items():
        for name in names:
            if name in taken:
                what = "its module %s has the name of an installed package's; rename one" % name
                raise Failure("%s: %s" % (path, what), "install")


def borrow(source: str, path: str, old: str, new: str) -> None:
    """`source` under another path: by link, or as a copy that speaks of `new` where `source` speaks of `old`."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), path)
        return
    with open(source, "rb") as stream:
        data = stream.read()
    if os.fsencode(old) not in data:
        os.symlink(source, path)
        return
    with open(path, "wb") as stream:
        stream.write(data.replace(os.fsencode(old), os.fsencode(new)))
    os.chmod(path, os.stat(source).st_mode | 0o200)
