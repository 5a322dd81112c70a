"""What this machine refuses (a name, room, permissions) is told with its cure, and is no bug of ours."""

from __future__ import annotations

import pytest

from deploytasks.errors import of_this_machine
from tests.release.project import Plain


def test_a_name_that_no_file_can_have_is_no_bug(local: Plain) -> None:
    local.write("requirements.txt", f"-r {'a' * 300}.txt\n")
    local.commit()
    for task in ("deploy", "plan", "check"):
        done = local.fab(task, "--env=dev")
        assert done.code in (1, 2) and "choose a shorter name" in done.err + done.out, done.err


def test_a_cache_that_cannot_be_made_is_no_bug(local: Plain) -> None:
    for task in ("deploy", "plan", "env.show"):
        done = local.fab(task, "--env=dev", XDG_CACHE_HOME=str(local.root / "page.txt"))
        assert done.code == 1 and "move it away" in done.err, done.err


@pytest.mark.parametrize("error", [KeyError("x"), OSError("x"), FileNotFoundError(2, "x")], ids=repr)
def test_what_is_ours_to_mend_stays_a_bug(error: Exception) -> None:
    assert of_this_machine(error) is None
