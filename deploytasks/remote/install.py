"""The environment of a release on the host: keyed, immutable, built once, marked complete, linked."""

import os
import shutil
import subprocess
import sys
import zipfile

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, relink, write, write_json

COMPLETE = ".complete"
QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-warn-script-location")
ASK = """
import json, platform, sys, sysconfig
try:
    import ensurepip, venv
    able = True
except ImportError:
    able = False
try:
    import pip
    pip_version = pip.__version__
except ImportError:
    pip_version = ""
libc = platform.libc_ver()
print(json.dumps({"python": platform.python_version(), "implementation": sys.implementation.name, "venv": able, "pip": pip_version,
    "platform": sysconfig.get_platform(), "libc": libc, "executable": sys.executable}))
"""


def install_facts(state, python="python3", installer="auto"):
    """What the interpreter and the installers of this host are, and which environments are complete."""
    found = interpreter(python)
    uv = None if installer == "pip" else find_uv()
    venvs = os.path.join(state.root, "venvs")
    names = os.listdir(venvs) if os.path.isdir(venvs) else []
    complete = sorted(name for name in names if os.path.exists(os.path.join(venvs, name, COMPLETE)))
    return {"python": "", "platform": "", "implementation": "", "venv": False, **found, "uv": uv or "",
            "installer": "uv" if uv else "host-pip" if able(found.get("pip", "")) else "pip", "venvs": complete, "tag": "cp", "platforms": platforms(found)}


def able(pip):
    """Whether this pip can install into another environment (`--python`, since 22.3)."""
    parts = pip.split(".")
    return len(parts) > 1 and (int(parts[0]), int(parts[1])) >= (22, 3)


def interpreter(python):
    """What an interpreter says of itself; {} when it is not there."""
    import json

    path = shutil.which(python)
    if not path:
        return {}
    done = subprocess.run([path, "-I", "-c", ASK], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(done.stdout.decode()) if done.returncode == 0 else {}


def platforms(found):
    """The wheel platform tags that this host takes, best first."""
    name, version = (found.get("libc") or ["", ""])[:2]
    machine = found.get("platform", "").rpartition("-")[2]
    if name != "glibc":
        return [found.get("platform", "").replace("-", "_").replace(".", "_")] if found else []
    minor = int(version.split(".")[1])
    return ["manylinux_2_%d_%s" % (number, machine) for number in range(minor, 4, -1)] + [
        "manylinux2014_%s" % machine, "manylinux2010_%s" % machine, "manylinux1_%s" % machine, "linux_%s" % machine]


def find_uv():
    """uv on PATH, or where its own installer puts it."""
    return shutil.which("uv") or shutil.which("uv", path=os.pathsep.join(
        os.path.expanduser(name) for name in ("~/.local/bin", "~/.cargo/bin")))


def install(state, release, key, python, bundle, mode, installer, wheels=(), hashed=False, empty=False, offline=False,
            import_paths=()):
    """Link `.venv` of a release to an environment that is complete, built now if this host has none of that key."""
    state.require_lock()
    top = os.path.join(state.root, "releases", release)
    own = mode == "none" or import_paths
    keyed = os.path.join(state.root, "venvs", key)
    reused = os.path.exists(os.path.join(keyed, COMPLETE))
    if mode != "none" and not reused:
        make(state, keyed, python, bundle, installer, list(wheels), hashed, empty, offline)
    name = key
    if own:
        name = "own-" + release
        make_own(state, os.path.join(state.root, "venvs", name), python, installer, None if mode == "none" else keyed,
                 [os.path.join(top, path) for path in import_paths])
    relink("../../venvs/" + name, os.path.join(top, ".venv"))
    note = os.path.join(top, ".deploytasks", "environments.json")
    write_json(note, sorted({name, key} if mode != "none" else {name}))
    return {"key": key, "reused": reused}


def make(state, place, python, bundle, installer, wheels, hashed, empty, offline):
    """Build a keyed environment where it will stay; without its mark it is rubbish of a killed run and made afresh."""
    discard(place)
    if not os.path.isdir(os.path.join(bundle, "wheels")):
        raise Failure("the packages of %s were not shipped; deploy again" % os.path.basename(place), "missing")
    create(state, place, python, installer, pip=not empty or bool(wheels))
    local = [os.path.join(bundle, "wheels", name) for name in wheels]
    asked = [] if empty else ["-r", os.path.join(bundle, "requirements.txt")]
    index = ["--no-index", "--find-links", os.path.join(bundle, "wheels")] if offline else []
    for words in ([asked, ["--no-deps", *local]] if hashed and local and asked else [[*asked, *local]]):
        if words:
            run(state, [*installing(place, installer, python), *index, *words], "install the requirements")
    for path in local:
        compare(place, path)
    if installer != "uv":
        run(state, [os.path.join(place, "bin", "python"), "-m", "compileall", "-q", "-j0", site_packages(place)], "compile")
    seal(place)


def installing(place, installer, host_python):
    """The command that installs into an environment, less what to install."""
    python = os.path.join(place, "bin", "python")
    if installer == "host-pip":
        return [host_python, "-m", "pip", "--python", python, "install", "--no-compile", *QUIET]
    if installer == "uv":
        # copies, because a hot patch in one environment must not reach uv's cache, and others, through a hard link
        return [find_uv(), "pip", "install", "--no-config", "--link-mode=copy", "--compile-bytecode", "--python", python]
    return [python, "-m", "pip", "install", "--no-compile", *QUIET]


def create(state, place, python, installer, pip):
    """An empty environment."""
    if installer == "uv":
        run(state, [find_uv(), "venv", "--no-config", "--quiet", "--python", python, place], "make the environment")
    else:
        bare = installer == "host-pip" or not pip  # bootstrapping pip takes seconds; the host's own can install into it
        run(state, [python, "-m", "venv", *(["--without-pip"] if bare else []), place], "make the environment")


def run(state, words, what):
    """Run an installer; Failure with its own last lines."""
    code, tail = state.spawn(words, state.root)
    if code != 0:
        said = "; ".join(line.strip() for line in tail[-4:] if line.strip())
        raise Failure("cannot %s (exit code %d): %s" % (what, code, said), "install")


def site_packages(place):
    """The environment's import directory."""
    lib = os.path.join(place, "lib")
    versions = sorted(name for name in os.listdir(lib) if name.startswith("python"))
    return os.path.join(lib, versions[0], "site-packages")


def compare(place, wheel):
    """What is installed of a vendored package is what was built, byte for byte."""
    target = site_packages(place)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("/") or ".dist-info/" in name or ".data/" in name:
                continue
            try:
                with open(os.path.join(target, name), "rb") as stream:
                    same = stream.read() == archive.read(name)
            except OSError:
                same = False
            if not same:
                raise Failure("%s of %s is not what was built; another requirement brings its own copy: rename one"
                              % (name, os.path.basename(wheel)), "install")


def seal(place):
    """Nothing in a keyed environment is writable any more (root can still write: modes do not bind it), and it is complete."""
    for directory, _, names in os.walk(place):
        for name in names:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode & ~0o222)
    write(os.path.join(place, COMPLETE), "")
    for directory, _, _ in os.walk(place, topdown=False):
        os.chmod(directory, os.stat(directory).st_mode & ~0o222)


def make_own(state, place, python, installer, keyed, paths):
    """An environment of one release: a keyed one's packages behind the release's own import paths; or empty, to build in."""
    discard(place)
    create(state, place, python, installer, pip=keyed is None)
    if keyed is None:
        return
    shadowed = [name for path in paths for name in modules(path) if name in sys.stdlib_module_names] if hasattr(
        sys, "stdlib_module_names") else []
    locked = sorted(set(modules(site_packages(keyed))) & {name for path in paths for name in modules(path)})
    if shadowed or locked:
        raise Failure("the vendored module %s shadows %s; rename it" % (
            (shadowed or locked)[0], "the standard library's" if shadowed else "an installed package"), "install")
    write(os.path.join(site_packages(place), "deploytasks.pth"), "\n".join([*paths, site_packages(keyed)]) + "\n")
    copy_scripts(os.path.join(keyed, "bin"), os.path.join(place, "bin"))


def modules(path):
    """Names that can be imported from a directory."""
    found = set()
    for name in os.listdir(path):
        if name.endswith(".py") and name != "setup.py":
            found.add(name[:-3])
        elif os.path.exists(os.path.join(path, name, "__init__.py")):
            found.add(name)
    return sorted(found)


def copy_scripts(source, target):
    """Console scripts of one environment, started by the interpreter of another."""
    for name in os.listdir(source):
        path = os.path.join(target, name)
        origin = os.path.join(source, name)
        if os.path.lexists(path) or os.path.islink(origin):
            continue
        with open(origin, "rb") as stream:
            data = stream.read()
        if data.startswith(b"#!") and os.fsencode(source) in data.split(b"\n", 1)[0]:
            data = b"#!" + os.fsencode(os.path.join(target, "python")) + b"\n" + data.split(b"\n", 1)[1]
            with open(path, "wb") as stream:
                stream.write(data)
            os.chmod(path, 0o755)


def discard(place):
    """Remove an environment, sealed or half-built."""
    if os.path.lexists(place):
        for directory, _, _ in os.walk(place):
            os.chmod(directory, 0o755)
        shutil.rmtree(place)


def collect(state, keep):
    """Retire environments that none of the kept releases refers to, and bundles that nobody installs from any more."""
    from deploytasks.remote.prune import empty

    state.require_lock()
    needed = set()
    for release in keep:
        top = os.path.join(state.root, "releases", release)
        needed.update(read_json(os.path.join(top, ".deploytasks", "environments.json"), []))
        if os.path.islink(os.path.join(top, ".venv")):
            needed.add(os.path.basename(os.readlink(os.path.join(top, ".venv"))))
    trash = os.path.join(state.root, ".deploytasks", "trash")
    os.makedirs(trash, 0o700, exist_ok=True)
    venvs, bundles = os.path.join(state.root, "venvs"), os.path.join(state.root, ".deploytasks", "bundles")
    for directory, names in ((venvs, set(os.listdir(venvs)) - needed), (bundles, listing(bundles))):
        for name in names:
            os.chmod(os.path.join(directory, name), 0o755)  # a directory without w cannot be renamed into another
            os.rename(os.path.join(directory, name), os.path.join(trash, name + "." + state.token[:8]))
    empty(trash)


def listing(directory):
    return os.listdir(directory) if os.path.isdir(directory) else []
