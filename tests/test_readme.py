"""What README says one can type can be typed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")


def names(collection: dict[str, Any], prefix: str = "") -> set[str]:
    """The tasks of `--list-format=json`, as they are typed."""
    own = {prefix + task["name"] for task in collection["tasks"]}
    inner = (names(one, f"{prefix}{one['name']}.") for one in collection["collections"])
    return own.union(*inner)


def listed(program: str) -> set[str]:
    words = [str(Path(sys.executable).with_name(program)), "--list", "--list-format=json"]
    return names(json.loads(subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True).stdout))


def test_every_command_in_readme_is_a_task() -> None:
    written = set(re.findall(r"\b(?:fab|inv) ([a-z][a-z._]*)", README))
    assert "deploy" in written
    assert written - listed("fab") == set()


def test_fab_and_inv_list_the_same_tasks() -> None:
    assert listed("fab") == listed("inv")


def test_readme_has_exactly_two_set_up_commands() -> None:
    assert re.findall(r"^    (\./setup .*)$", README, re.MULTILINE) == ["./setup demo", "./setup test"]


def test_continuous_integration_calls_the_second() -> None:
    assert (REPOSITORY / ".ci/run").read_text().splitlines()[-1].endswith("exec ./setup test")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_to_a_file_leads_somewhere(target: str) -> None:
    assert (REPOSITORY / target).exists()
