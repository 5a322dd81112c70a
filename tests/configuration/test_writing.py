"""What is written into `.env` on the host is read alike by the real python-dotenv, bash and dash, or refused."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from dotenv import dotenv_values

from deploytasks.config.canonical import OWNED_BY_BASH, canonical, unwritable
from deploytasks.errors import ConfigurationError

from .conftest import Project

ROOT = Path(__file__).parent.parent.parent

PIECES = (
    *"'\"\\$`!#=~*?[]{}()<>|&;%^@:,.-+/ \t\n",
    "a",
    "Z",
    "0",
    "${",
    "${X}",
    "${X:-y}",
    "$X",
    "$(id)",
    "`id`",
    "\\'",
    '\\"',
    "\\\\",
    "\\n",
    "\\$",
    "\n\n",
    "\nA=1\n",
    " #",
    "é",
    "Á",
    "€",
    "𝄞",
    "\x01",
    "\x7f",
    "\x80",
    "\x85",
    "\u2028",
    "\x1b",
    "export ",
    "EOF",
    "''",
    '""',
    "'\"'\"'",
    "\\\n",
    "!!",
    "\x0b",
    "\x0c",
    "\ufeff",
    "\r",
    "\0",
    "\udc80",
    "x" * 100,
)
WORDS = (
    "correct horse",
    '{"a": "it\'s"}',
    "C:\\dir\\new",
    "\\d+\\.\\w",
    "it's",
    'say "no"',
    "p$ss",
    "p`ss",
    "50%",
    "a\\",
    "'\\",
    "\"'$",
    "-----BEGIN KEY-----\nMIIE=\n-----END KEY-----\n",
    "django-insecure-$#k(@&^!=+x%'",
    "",
)
SHELLS = {"bash": ("bash", "--norc", "-c"), "bash --posix": ("bash", "--posix", "-c"), "dash": ("dash", "-c")}


def adversarial_values(count: int) -> list[str]:
    """Texts that are made of what readers of dotenv files disagree about; the same ones in every run."""
    dice = random.Random(20260101)
    made = ("".join(dice.choices(PIECES, k=dice.randint(1, 12))) for _ in range(count - len(WORDS)))
    return [*WORDS, *made]


def read_by_shell(words: Sequence[str], path: Path, names: Sequence[str]) -> dict[str, str]:
    """What a shell holds after it has read the file; exported, so that a child sees the very bytes."""
    script = 'set -a; . "$0"; exec env -0'
    done = subprocess.run(
        (*words, script, path), env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    assert done.stderr == b""
    pairs = (pair.partition("=") for pair in done.stdout.decode().split("\0"))
    return {name: value for name, _, value in pairs if name in names}


def test_two_thousand_adversarial_values_are_read_alike_by_all_three_or_refused(tmp_path: Path) -> None:
    values = {f"V{number}": value for number, value in enumerate(adversarial_values(2000))}
    accepted = {name: value for name, value in values.items() if not unwritable(name, value)}
    assert 700 < len(accepted) < 1500
    path = tmp_path / ".env"
    path.write_bytes(canonical(accepted).encode())
    assert dotenv_values(path, interpolate=True) == accepted
    for words in SHELLS.values():
        assert read_by_shell(words, path, tuple(accepted)) == accepted


def test_what_is_refused_is_named_by_its_key_and_never_shown() -> None:
    values = {f"V{number}": f"hunter2{value}" for number, value in enumerate(adversarial_values(2000))}
    refused = [name for name, value in sorted(values.items()) if unwritable(name, value)]
    with pytest.raises(ConfigurationError) as error:
        canonical(values)
    assert [problem.partition(":")[0] for problem in error.value.problems] == refused
    assert "hunter2" not in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    "value",
    [
        'it\'s "quoted"',
        "C:\\dir\\new",
        "\\d+",
        '{"a": "it\'s", "b": "c:\\\\d"}',
        "wow!",
        "it's, wow!",
        "$HOME",
        "`id`",
        "a'b\nc",
    ],
)
def test_values_of_daily_life_can_be_written(value: str, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(canonical({"A": value}), "utf-8")
    assert dotenv_values(path) == {"A": value}
    assert read_by_shell(SHELLS["bash"], path, ("A",)) == {"A": value}
    assert read_by_shell(SHELLS["dash"], path, ("A",)) == {"A": value}


def test_a_private_file_is_private_from_its_first_byte_and_there_at_once(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / ".env"
    path.write_text("A='old'\n")
    write = "import os, sys\nos.umask(0)\nfrom deploytasks.remote import files\nfiles.write(sys.argv[1], 'A=1', 0o600)"
    watched = ("strace", "-y", "-e", "trace=/open,/chmod,write,/rename", "-e", "signal=none", "-o", trace)
    subprocess.run((*watched, sys.executable, "-c", write, path), cwd=ROOT, check=True)
    done = [line for line in trace.read_text().splitlines() if f"{path.name}." in line]
    assert [re.sub(r"\(.*", "", line) for line in done] == ["openat", "fchmod", "write", "renameat"]
    assert '.new", O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600)' in done[0]
    assert done[1].endswith(", 0600) = 0")
    assert re.search(rf'<{re.escape(str(tmp_path))}>, ".env\.\w+\.new", \d+<.*>, ".env"\) = 0$', done[3])
    assert path.read_text() == "A=1" and {one.name for one in tmp_path.iterdir()} == {"trace", ".env"}


def test_names_that_bash_does_not_take_are_those_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    for name in OWNED_BY_BASH.pattern.split("|"):
        path.write_text(f"{name}='x1'\n", "utf-8")
        done = subprocess.run(
            ("bash", "--norc", "-c", f'. "$0" 2>/dev/null; [ "${name}" = x1 ]', path), check=False
        )
        assert (name, done.returncode != 0) == (name, True)


def test_a_loaded_environment_can_always_be_written(project: Project) -> None:
    project.write("prod.env", "A='x y'\nB=\"it's\"\nC=\nD='é\n2'\n")
    assert canonical(project.load().revealed()) == "A='x y'\nB=\"it's\"\nC=''\nD='é\n2'\n"


def test_a_value_of_the_process_that_cannot_be_written_is_refused_at_load(project: Project) -> None:
    project.write("prod.env", "DEPLOY_FROM_PROCESS='A B'\n")
    assert project.problems(A="it's $hunter2", B="caf\udce9") == (
        (
            "process: A holds quotes, backslashes and `$` in a mix that python-dotenv, bash and dash read differently; "
            "encode it, e.g. as base64, or choose another value"
        ),
        "process: B holds a NUL, a carriage return or no UTF-8, which no .env can; encode it, e.g. as base64",
    )
