"""Units: one constant template for each process, and the one that starts what `current` leads to at boot."""

from __future__ import annotations

import os
import re

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read_json, write, write_json
from deploytasks.remote.processes.systemd import systemctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from deploytasks.remote.processes.recorded import Recorded

PREFIX = re.compile(r"[A-Za-z0-9_.-]+")
NAMES = {"prefix": PREFIX}
MARK = "# Written by deploytasks for %s; settings of your own belong in a drop-in.\n"
TEMPLATE = """\
[Unit]
Description={name} of release %i
StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory={root}
ExecStart=/bin/sh -c 'exec "$$0/releases/$${{1%%.*}}/.deploytasks/run" "$$2"' {quoted} %i {process}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec={stop_timeout:g}
"""
BOOT = """\
[Unit]
Description={name}: what current leads to

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec systemctl --user --no-block start $$(cat "$$0/current/.deploytasks/units")' {quoted}

[Install]
WantedBy=default.target
"""


def directory() -> str:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "systemd", "user")


def prefix(root: str, given: str) -> str:
    """What the units of the deployment at `root` are called; the first name stays, whatever a clone is called."""
    path = os.path.join(root, ".deploytasks", "units.json")
    known = known_prefix(root)
    if known:
        return known
    write_json(path, {"prefix": given})
    return given


def known_prefix(root: str) -> str | None:
    """The same, None where no process was ever started."""
    found = read_json(os.path.join(root, ".deploytasks", "units.json"), NAMES, {}).get("prefix")
    return str(found) if found else None


def escaped(text: str) -> str:
    """A text in a unit, where % begins a specifier."""
    return text.replace("%", "%%")


def quoted(text: str) -> str:
    """A text as one word of an ExecStart line."""
    for character in ("\\", '"'):
        text = text.replace(character, "\\" + character)
    return '"%s"' % escaped(text).replace("$", "$$")


def install(root: str, recorded: Recorded, stop_timeout: float) -> None:
    """The units that a release needs stand, and systemd has read them; the one for the boot is enabled."""
    said = {"root": escaped(root), "quoted": quoted(root), "stop_timeout": stop_timeout}
    texts = {
        "%s-%s@.service" % (recorded.prefix, process): TEMPLATE.format(
            name="%s %s" % (recorded.prefix, process), process=process, **said
        )
        for process in recorded.processes
    }
    boot = recorded.prefix + ".service"
    texts[boot] = BOOT.format(name=recorded.prefix, **said)
    changed = [name for name, text in texts.items() if place(root, name, text)]
    if changed:
        systemctl("daemon-reload")
    if boot in changed:
        systemctl("enable", boot)


def place(root: str, name: str, text: str) -> bool:
    """Write a unit; whether it is another now. Failure when the one that stands is not this deployment's."""
    mark, path = MARK % root, os.path.join(directory(), name)
    try:
        with open(path, encoding="utf-8") as stream:
            found = stream.read()
    except FileNotFoundError:
        found = mark
    if not found.startswith(mark):
        raise Failure("%s was not written for %s; move it away, or name the project otherwise" % (path, root))
    if found == mark + text:
        return False
    os.makedirs(directory(), exist_ok=True)
    write(path, mark + text)
    return True
