"""The layers of an environment in their precedence, merged: one text per key, with its origin."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..shell import command
from . import dotenv
from .dotenv import Layer, Line
from .environment import Origin
from .secret import named_secret, password_in

ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9_-]*")
COMMON = "common"
PROCESS = "process"
FROM_PROCESS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\??")
COMMAND = re.compile(r"DEPLOY_(?:POSTINSTALL|MIGRATE|LOGS|RESTART(?:_[A-Z0-9_]+)?)")
"""Keys whose text is a command line on the hosts."""


@dataclass(frozen=True)
class Value:
    """What one layer says of a key."""

    text: str
    origin: Origin


@dataclass(frozen=True)
class Merged:
    """All layers as one: what they say of every key, oldest first, and everything wrong with them."""

    values: Mapping[str, tuple[Value, ...]]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()

    @property
    def texts(self) -> dict[str, str]:
        """The winner of every key."""
        return {name: said[-1].text for name, said in self.values.items()}

    @property
    def origins(self) -> dict[str, Origin]:
        return {name: said[-1].origin for name, said in self.values.items()}


def environment_names(root: Path) -> tuple[str, ...]:
    """The environments that exist, sorted: one for each environments/<env>.env."""
    names = (path.name.removesuffix(".env") for path in (root / "environments").glob("*.env"))
    return tuple(sorted(name for name in names if ENVIRONMENT_NAME.fullmatch(name) and name != COMMON))


def require_name(name: str, root: Path) -> None:
    """Raises UsageError, naming the environments that exist, unless `name` is one of them."""
    known = environment_names(root)
    choice = f"use one of {', '.join(known)}" if known else "write environments/dev.env, or run `init`"
    if not name:
        raise UsageError(f"--env: is missing; {choice}")
    if not ENVIRONMENT_NAME.fullmatch(name) or name == COMMON:
        raise UsageError(f"--env: {name!r} cannot be the name of an environment; {choice}")
    if name not in known:
        raise UsageError(f"environments/{name}.env: does not exist; {choice}")


def merge(name: str, root: Path, process: Mapping[str, str], secrets: Collection[str] = ()) -> Merged:
    """Every layer of the environment `name`; of the process only the keys that DEPLOY_FROM_PROCESS names.

    `secrets` are names of keys that are secret besides those that DEPLOY_SECRETS and their names tell.
    """
    plain = [layer for part in (COMMON, name) for layer in plain_layer(root, f"environments/{part}.env")]
    decrypt = stacked(plain).texts.get("DEPLOY_DECRYPT", "")
    written = [*plain, *decrypted_layers(name, root, decrypt), *local_layer(name, root)]
    known = stacked(written).values.get("DEPLOY_FROM_PROCESS")
    return stacked([*written, *([process_layer(known[-1], process)] if known else [])], secrets)


def process_layer(wanted: Value, process: Mapping[str, str]) -> Layer:
    """What the process environment gives of the keys that DEPLOY_FROM_PROCESS names. A key that is not set there, or is
    empty as a CI gives the secrets that it lacks, is a problem; unless it is written `KEY?`, then it is not taken.
    """
    named = [word for word in wanted.text.split() if FROM_PROCESS.fullmatch(word)]
    given = {key: process[key] for word in named if process.get(key := word.removesuffix("?"), "").strip()}
    lost = [word for word in named if not word.endswith("?") and word not in given]
    problems = tuple(
        f"{wanted.origin}: DEPLOY_FROM_PROCESS names {key}, which is {'empty' if key in process else 'not set'} in the "
        f"process environment; set it there, or write {key}? if it may be missing"
        for key in lost
    )
    lines = tuple(Line(key, text, PROCESS, literal=True) for key, text in given.items())
    return Layer(lines, problems, lost=frozenset(lost))


def plain_layer(root: Path, source: str) -> Iterator[Layer]:
    """The layer in a file, if it is there; what keeps it from being read is a problem."""
    try:
        yield dotenv.read((root / source).read_bytes(), source)
    except FileNotFoundError:
        if (root / source).is_symlink():
            yield Layer(problems=(f"{source}:1: is a link to nothing; make what it points to, or remove it",))
    except OSError as error:
        yield Layer(
            problems=(f"{source}:1: cannot be read ({error.strerror}); look at its type and permissions",)
        )


def local_layer(name: str, root: Path) -> Iterator[Layer]:
    """<env>.local.env: refused when git tracks it, warned about when others can read it."""
    source = f"environments/{name}.local.env"
    yield from plain_layer(root, source)
    if not (root / source).is_file():
        return
    from .. import git

    if git.tracks(root, source):
        cure = f"run `git rm --cached {source}`, and change its secrets"
        yield Layer(problems=(f"{source}:1: is tracked by git; {cure}",))
    if (root / source).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield Layer(warnings=(f"{source}:1: others on this machine can read it; run `chmod 600 {source}`",))


def decrypted_layers(name: str, root: Path, decrypt: str) -> Iterator[Layer]:
    """<env>.secrets.env.* as DEPLOY_DECRYPT prints them; the clear text stays in memory."""
    for path in sorted((root / "environments").glob(f"{name}.secrets.env.*")):
        source = f"environments/{path.name}"
        if path.name.endswith("~"):
            continue  # an editor's copy of what was
        if "{file}" not in decrypt:
            why = "has no {file} in it" if decrypt else "is not set"
            problem = f"{source}:1: is encrypted and DEPLOY_DECRYPT {why}; set it, e.g. to sops -d {{file}}"
            yield Layer(problems=(problem,))
            continue
        line = decrypt.replace("{file}", command(path).shell)
        done = subprocess.run(
            ("sh", "-c", line), cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode == 0:
            yield dotenv.read(done.stdout, source)
        else:
            failed = f"cannot be decrypted, DEPLOY_DECRYPT ended with exit code {done.returncode}"
            yield Layer(problems=(f"{source}:1: {failed}; run that command by hand to see why",))


def stacked(layers: Sequence[Layer], secrets: Collection[str] = ()) -> Merged:
    """The layers one over the other, each reference replaced by what was known above it."""
    values: dict[str, tuple[Value, ...]] = {}
    known: dict[str, str] = {}
    dangling: list[tuple[Line, Layer]] = []
    for layer in layers:
        for line in layer.lines:
            if not known.keys() >= set(line.references):
                dangling.append((line, layer))
            known[line.name] = line.raw if line.literal else dotenv.expand(line.raw, known)
            said = Value(known[line.name], Origin(line.source, line.number))
            values[line.name] = (*values.get(line.name, ()), said)
    secret = {*secrets, *known.get("DEPLOY_SECRETS", "").split()}
    lines = [line for layer in layers for line in layer.lines]
    problems = [
        *(problem for layer in layers for problem in layer.problems),
        *(in_secret(line) for line in lines if line.mentions and named_secret(line.name, secret)),
        *(unresolved(*one) for one in dangling if not named_secret(one[0].name, secret)),
        *exposed(lines, known, secret),
    ]
    warnings = [warning for layer in layers for warning in layer.warnings]
    return Merged(values, tuple(problems), tuple(warnings), frozenset().union(*(one.lost for one in layers)))


def in_secret(line: Line) -> str:
    """The problem of a secret that python-dotenv would change on reading."""
    return (
        f"{line.where}: {line.name} is a secret with ${{…}} in it, which is replaced even in single quotes; "
        "choose another secret, or encode it"
    )


def exposed(lines: Sequence[Line], known: Mapping[str, str], secret: Collection[str]) -> Iterator[str]:
    """The problems of command lines that a secret is put into."""
    for line in lines:
        for name in line.mentions if COMMAND.fullmatch(line.name) else ():
            if named_secret(name, secret) or password_in(known.get(name, "")):
                what = f"{line.name} puts {name} where the host's process list shows it"
                yield f"{line.where}: {what}; write ${name} without braces, for the host's shell to replace"


def unresolved(line: Line, layer: Layer) -> str:
    """The problem of a reference that leads nowhere; what stands in a URL with a password is not repeated."""
    raws = {other.name: other.raw for other in layer.lines}
    named = line.references
    missing = [name for name in named if name not in raws]
    where = f"{line.where}: {line.name} refers to"
    if password_in(line.raw):
        return f"{where} a key that is not set above it; set it before, or write `${{` as %24%7B"
    if dotenv.is_cyclic(line.name, raws):
        return f"{where} itself in a circle; write one of the values out"
    if missing:
        return f"{where} {', '.join(missing)}, which is not set; set it above, or write ${{NAME:-default}}"
    return f"{where} {', '.join(named)}, which is set only further down; move it up"
