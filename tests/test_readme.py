"""What README says one can type can be typed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import deploytasks
from deploytasks import errors
from deploytasks.config import settings
from deploytasks.config.keys import ROLE_SETTING
from deploytasks.config.settings import KNOWN
from fabfile import ns

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part.partition("\n")[2] for part in README.split("\n## ")[1:]}


def rows(section: str) -> str:
    """The first column of the section's table."""
    return "\n".join(line.split("|")[1] for line in SECTIONS[section].splitlines() if line.startswith("| `"))


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


def test_the_table_of_commands_names_every_task() -> None:
    assert listed("fab") - set(re.findall(r"`(?:(?:fab|inv) )?([a-z][a-z._]*)", rows("Commands"))) == set()


def test_every_option_in_readme_is_one_of_its_command() -> None:
    for task, words in re.findall(r"\b(?:fab|inv) ([a-z][a-z._]*)([^`\n]*)", README):
        options = {
            f"--{name.replace('_', '-')}" for argument in ns[task].get_arguments() for name in argument.names
        }
        assert set(re.findall(r"--[a-z-]+", words)) <= options


def test_fab_and_inv_list_the_same_tasks() -> None:
    assert listed("fab") == listed("inv")


def test_readme_has_exactly_two_set_up_commands() -> None:
    assert re.findall(r"^    (\./setup .*)$", README, re.MULTILINE) == ["./setup demo", "./setup test"]


def test_continuous_integration_calls_the_second() -> None:
    assert (REPOSITORY / ".ci/run").read_text().splitlines()[-1].endswith("exec ./setup test")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_to_a_file_leads_somewhere(target: str) -> None:
    assert (REPOSITORY / target).exists()


def test_the_table_of_settings_names_every_key_and_no_other() -> None:
    named = set(re.findall(r"`(DEPLOY_[A-Z_]+(?:<ROLE>)?)`", rows("Settings")))
    of_roles = {name for name in named if "<" in name}
    assert named - of_roles == set(KNOWN)
    assert [
        name for name in sorted(of_roles) if not ROLE_SETTING.fullmatch(name.replace("<ROLE>", "WORKER"))
    ] == ["DEPLOY_HOSTS_<ROLE>"]


def documented() -> dict[str, str]:
    """{key: what the docstring below its field of Settings says}, in the order of the fields."""
    tree = ast.parse(Path(settings.__file__).read_text("utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    texts = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            name = ast.unparse(field.target).upper()
            key = f"DEPLOY_{name[5:]}_<ROLE>" if name.startswith("ROLE_") else f"DEPLOY_{name}"
            texts[key] = " ".join(ast.literal_eval(text.value).split()).removesuffix(".")
    return texts


def test_the_table_of_settings_says_what_the_fields_say() -> None:
    lines = [line for line in SECTIONS["Settings"].splitlines() if line.startswith("| `")]
    assert [line for line in lines if "DEPLOY_HOSTS" not in line.split("|")[1]] == [
        f"| `{key}` | {text} |" for key, text in documented().items()
    ]


def test_every_field_of_settings_is_documented_where_it_is_declared() -> None:
    assert len(documented()) == len(fields(settings.Settings))


def test_every_key_in_readme_is_known() -> None:
    assert set(re.findall(r"DEPLOY_[A-Z]+(?:_[A-Z]+)*\b(?!_)", README)) - set(KNOWN) == {
        "DEPLOY_HOSTS_WORKER"
    }


def test_every_exit_code_is_explained() -> None:
    codes = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}
    line = README[README.index("Exit codes:") :].split("\n\n")[0]
    assert {int(code) for code in re.findall(r"(?:codes:|·)\s(\d+)", line)} == codes


@pytest.mark.parametrize("section", ["The files to write", "Extending"])
def test_python_in_readme_compiles_and_imports_public_names_only(section: str) -> None:
    blocks = re.findall(r"(?:^ {4}.*\n|^\n)+", SECTIONS[section], re.MULTILINE)
    code = [block for block in blocks if "import " in block]
    assert code
    for block in code:
        for node in ast.walk(ast.parse(re.sub("^ {4}", "", block, flags=re.MULTILINE))):
            if isinstance(node, ast.ImportFrom) and node.module == "deploytasks":
                assert {alias.name for alias in node.names} <= set(deploytasks.__all__)
