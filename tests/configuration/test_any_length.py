"""No value of 1 MB of any one class of characters costs more than a moment, whoever reads it.

The bound is what a quadratic expression exceeds a hundred times on any machine.
"""

from __future__ import annotations

import contextlib
import itertools
import resource
from collections.abc import Callable, Iterator

import pytest

from deploytasks.config import canonical, disguises, dotenv, entries, hosts, secret
from deploytasks.config.environment import Origin, Variable
from deploytasks.config.redaction import Redactor
from deploytasks.config.schema import TYPES, Rule, value_problems
from deploytasks.config.secret import Secret
from deploytasks.config.settings import PARSERS
from deploytasks.errors import DeployError
from deploytasks.output.visible import shown
from deploytasks.packages import requirements
from deploytasks.packages.requirement import requirement
from deploytasks.recipe.sudo import sudo_commands
from deploytasks.ssh.config import destination
from deploytasks.tasks.options import listed
from deploytasks.vendored.outdated import version

SIZE = 1_000_000
SECONDS = 5.0
"""Of processor time."""
UNITS = [
    *"aA0_-./:@%=?&, \t\n[(\\'#\udcff",
    *("a.", "a@", "a:", "://", "a://", "http://a", "${", "[0]", "[0-1]", "?a=", "../", "a ", "1,"),
]


def redactor(*texts: str) -> Redactor:
    names = ("TOKEN", "PIN_KEY", "DATABASE_URL", "OTHER_SECRET")
    values = ("hunter2hunter2", "pin", "postgres://app:hunter22@db/app", *texts)
    return Redactor(
        Variable(name, Secret(text), Origin("x"), True) for name, text in zip(names, values, strict=False)
    )


REDACTOR = redactor()


def fed(text: str) -> str:
    """Masked as it comes, in pieces."""
    stream = REDACTOR.stream()
    pieces = [stream.feed(text[at : at + 65536]) for at in range(0, len(text), 65536)]
    return "".join((*pieces, stream.flush()))


def required(line: str) -> None:
    for _, said in itertools.islice(requirements.logical_lines(line), 1000):
        bare = requirements.COMMENT.sub("", said).strip()
        requirements.INCLUDE.match(bare)
        requirements.vendored(requirements.Requirements(), requirements.above(bare, "a/b.txt"), "x:1")
        if len(said) > SIZE // 2:
            requirement(said)


READERS: dict[str, Callable[[str], object]] = {
    **{
        f"DEPLOY_{name.upper()}": parse
        for parse, name in {parse: name for name, parse in PARSERS.items()}.items()
    },
    "DEPLOY_HOSTS": lambda text: hosts.parse({"DEPLOY_HOSTS": text}),
    "a dotenv file": lambda text: dotenv.read(text.encode("utf-8", "surrogateescape"), "x"),
    "a reference": lambda text: dotenv.expand(text, {"A": "b"}),
    "a secret value": lambda text: secret.is_secret("NAME", text),
    "a secret name": lambda text: secret.is_secret(text, "value"),
    "a text to mask": REDACTOR.text,
    "a stream to mask": fed,
    "the forms of a secret": lambda text: disguises.disguises(text[:100_000]),
    "a value's kind": entries.kind,
    "a value to write": lambda text: canonical.unwritable("NAME", text),
    **{
        f"a {kind} of the schema": lambda text, kind=kind: list(value_problems(Rule("A", kind), "prod", text))  # type: ignore[misc]
        for kind in TYPES
    },
    "a requirement": required,
    "a jump host": destination,
    "a command line": sudo_commands,
    "an option's names": lambda text: listed([text]),
    "a tag": version,
    "what is printed": shown,
}


@contextlib.contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Fails when the block takes more processor time than that."""
    begun = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    yield
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_utime - begun
    assert taken < seconds, f"{what}: {taken:.1f} s"


@pytest.mark.parametrize("name", READERS)
def test_a_megabyte_of_anything_is_read_at_once(name: str) -> None:
    for unit in UNITS:
        if name == "a dotenv file" and "\n" in unit:
            continue  # many lines are no long value
        with within(SECONDS, f"{name}: 1 MB of {unit!r}"), contextlib.suppress(DeployError, ValueError):
            READERS[name](unit * (SIZE // len(unit)))
