"""What is known of a host's interpreter and installer before anything is uploaded, each finding with its cure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from deploytasks.config.parsers import Wrong
from deploytasks.config.settings import PARSERS
from deploytasks.errors import UsageError
from deploytasks.packages import Bundle, tool_findings
from deploytasks.packages.findings import satisfies
from deploytasks.packages.installers import ON_HOSTS
from deploytasks.remote.venv.interpreter import interpreter, platforms
from tests.install.host import Host, environment, write

ABLE: dict[str, Any] = {
    "python": "3.11.2",
    "platform": "linux-x86_64",
    "implementation": "cpython",
    "executable": "/usr/bin/python3",
    "uv": "",
    "installer": "pip",
    "venv": True,
    "venvs": [],
    "free_bytes": 10**9,
    "free_inodes": 10**6,
    "has_inodes": True,
}
BUNDLE = Bundle(Path("/bundle"), "", "wheel", requires_python=">=3.10", size=2 * 1024**2, files=100)


@pytest.mark.parametrize(
    ("facts", "settings", "finding"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"uv": "/bin/uv", "venv": False}, {}, [], id="uv is enough"),
        pytest.param(
            {"venv": False},
            {},
            ["python3 has no venv module with pip, and there is no uv; `apt install python3-venv` there"],
            id="no venv",
        ),
        pytest.param(
            {},
            {"installer": "uv"},
            ["uv is missing and DEPLOY_INSTALLER=uv; install uv there, or set DEPLOY_INSTALLER=auto"],
            id="no uv",
        ),
        pytest.param(
            {"python": "3.9.2"},
            {},
            ["python3 is 3.9.2, the project requires >=3.10; set DEPLOY_PYTHON"],
            id="too old",
        ),
        pytest.param(
            {"free_bytes": 1024**2},
            {},
            ["1 MB free, the packages take at least 2 MB; make room"],
            id="no room",
        ),
        pytest.param(
            {"free_inodes": 99},
            {},
            ["99 inodes free, the packages take at least 100; make room"],
            id="no inodes",
        ),
        pytest.param(
            {"free_inodes": 0, "has_inodes": False}, {}, [], id="a filesystem that counts no inodes"
        ),
        pytest.param({"free_bytes": 0, "venvs": [BUNDLE.key(ABLE)]}, {}, [], id="nothing to install"),
    ],
)
def test_a_host_that_cannot_install_is_found_out(
    tmp_path: Path, facts: dict[str, Any], settings: dict[str, Any], finding: list[str]
) -> None:
    assert list(tool_findings({**ABLE, **facts}, environment(tmp_path, **settings), BUNDLE)) == finding


@pytest.mark.parametrize(
    ("version", "clauses", "answer"),
    [
        ("3.10.0", ">=3.10", True),
        ("3.9.18", ">=3.10", False),
        ("3.11.2", ">=3.10,<4", True),
        ("3.12.1", "~=3.11", True),
        ("3.12.1", "~=3.11.0", False),
        ("3.11.9", "==3.11.*", True),
        ("3.12.0", "==3.11.*", False),
        ("3.11.4", "!=3.11.4", False),
        ("3.13.0rc1", ">=3.13", True),
        ("3.10.1", "", True),
        ("3.14.0a1+", ">=3.14", True),
        ("3.12.1", "===3.12.1", True),
    ],
)
def test_requires_python_is_understood(version: str, clauses: str, answer: bool) -> None:
    assert satisfies(version, clauses) is answer


def test_a_requires_python_that_is_no_specifier_is_refused(tree: Path, uv_host: Host) -> None:
    write(tree / "pyproject.toml", '[project]\nname = "shop"\nversion = "1"\nrequires-python = "^3.10"\n')
    with pytest.raises(UsageError, match=r"pyproject\.toml: requires-python `\^3\.10` is no specifier"):
        uv_host.bundle(tree)


def test_the_facts_are_those_of_the_interpreter_that_is_named(uv_host: Host) -> None:
    facts = uv_host.facts
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (facts["installer"], facts["venv"], facts["tag"]) == ("uv", True, "cp")
    assert facts["platforms"][0].startswith("manylinux_2_")


def test_a_python_that_is_not_there_has_no_facts() -> None:
    nothing = interpreter("/nowhere/python3")
    assert (nothing["python"], platforms(nothing)) == ("", [])


def test_every_installer_that_the_settings_may_name_is_known() -> None:
    for name in ON_HOSTS:
        assert PARSERS["installer"](name) == name
    with pytest.raises(Wrong, match=f"write auto, {' or '.join(ON_HOSTS)}$"):
        PARSERS["installer"]("another")
