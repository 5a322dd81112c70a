"""A failed install says in one line why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytasks.remote.failure import Failure
from deploytasks.remote.venv.reason import CURES, reason
from tests.install.host import NO_INDEX, Host, write

PYTHON, COMPILER, INDEX = (cure for _, cure in CURES)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("ERROR: Package 'shop' requires a different Python: 3.8.2 not in '>=3.10'", PYTHON),
        ("Because numpy==2.3 depends on Python>=3.11 and you require numpy==2.3, we can conclude", PYTHON),
        ("fast.c:1:10: fatal error: Python.h: No such file or directory", COMPILER),
        ("Error: pg_config executable not found.", COMPILER),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", COMPILER),
        ("  cause: error sending request for url (https://index.example.com/simple/idna/)", INDEX),
    ],
)
def test_the_telling_line_is_named_with_its_cure(line: str, cure: str) -> None:
    said = ["Collecting idna", line, "note: This is an issue with the package", "hint: See above"]
    assert reason(said) == f"{line.strip()}; {cure}"


def test_without_a_telling_line_the_last_ones_are_given() -> None:
    assert reason(["1", "2", " 3", "", "5"]) == "2; 3; 5"


def test_a_host_without_an_index_is_told_of_the_wheelhouse(host: Host, tree: Path) -> None:
    write(tree / "requirements.txt", "idna==3.10\n")
    host.state.environment = {**NO_INDEX, "PIP_RETRIES": "0", "UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
    with pytest.raises(Failure, match=r"cannot install the requirements .*set DEPLOY_WHEELHOUSE=yes"):
        host.deploy(tree)
