"""Where no machine can be made, the tests of machines are left out and one line says why; in a CI they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machines.cgroup import hierarchy
from tests.machines.namespaces import OWN_MOUNTS

CHECKOUT = Path(__file__).parents[2]
ASK = "from tests.machines.trial import obstacle; print(obstacle())"
LINE = "tests/machines: left out, this machine needs cgroup2, which is mounted nowhere\n"
ONE_TEST = "tests/machines/test_machines.py::test_a_machine_has_no_network_but_its_loopback"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", ONE_TEST)
WITHOUT_CGROUPS = f"umount -l {hierarchy()}"
ON_AN_OVERLAY = """
mkdir "$DEPLOYTASKS_TEST_CACHE/lower" "$DEPLOYTASKS_TEST_CACHE/upper" "$DEPLOYTASKS_TEST_CACHE/work"
(
    cd "$DEPLOYTASKS_TEST_CACHE"
    mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work "$PWD"
)
"""
OBSTACLES = {
    "exec setpriv --clear-groups --reuid=1": "needs root",
    WITHOUT_CGROUPS: "needs cgroup2, which is mounted nowhere",
    f"mount -o remount,bind,ro {hierarchy()}": "may make no control group: [Errno 30] Read-only file system",
    "exec setpriv --bounding-set=-sys_admin": "unshare failed: Operation not permitted",
    ON_AN_OVERLAY: "(DEPLOYTASKS_TEST_CACHE): mount: ",
}


def where(hindrance: str, *words: str, cache: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this Python where a shell line has taken something away."""
    join = " " if hindrance.startswith("exec") else "\nexec "
    return subprocess.run(
        [*OWN_MOUNTS, "--mount-proc", "sh", "-ec", f'{hindrance}{join}"$0" "$@"', sys.executable, *words],
        cwd=CHECKOUT,
        env={**os.environ, "DEPLOYTASKS_TEST_CACHE": str(cache), **variables},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("hindrance", "told"), OBSTACLES.items(), ids=OBSTACLES.values())
def test_what_hinders_us_is_told_in_one_line(tmp_path: Path, hindrance: str, told: str) -> None:
    done = where(hindrance, "-c", ASK, cache=tmp_path)
    assert told in done.stdout, done.stderr
    assert done.stdout.count("\n") == 1


def test_a_person_reads_that_the_tests_are_left_out(tmp_path: Path) -> None:
    done = where(WITHOUT_CGROUPS, *PYTEST, cache=tmp_path, CI="")
    assert LINE in done.stdout
    assert "1 deselected" in done.stdout
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_ci_fails(tmp_path: Path) -> None:
    done = where(WITHOUT_CGROUPS, *PYTEST, cache=tmp_path, CI="true")
    assert "no machine can be made here: needs cgroup2, which is mounted nowhere" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
