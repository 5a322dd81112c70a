"""Requirements in places and forms that are not read are named, with what to do: no environment is silently empty."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.packages import requirements
from tests.install.host import UV, Host, package, write

PROJECT = '[project]\nname = "shop"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        pytest.param(
            ["requirements/production.txt"],
            r"requirements/production\.txt: is not read by itself; "
            r"set DEPLOY_REQUIREMENTS=requirements/production\.txt, "
            r"or commit an empty requirements\.txt for none",
            id="production alone",
        ),
        pytest.param(
            ["requirements/base.txt", "requirements/dev.txt", "requirements/prod.txt"],
            r"requirements/prod\.txt: .* DEPLOY_REQUIREMENTS=requirements/prod\.txt,",
            id="the one for production of several",
        ),
        pytest.param(
            ["requirements/local.txt", "requirements/base.txt"],
            r"DEPLOY_REQUIREMENTS=requirements/base\.txt,",
            id="the common one rather than a developer's",
        ),
        pytest.param(["requirements-prod.txt"], "DEPLOY_REQUIREMENTS=requirements-prod.txt,", id="beside it"),
        pytest.param(["requirements.in"], "DEPLOY_REQUIREMENTS=requirements.in,", id="not compiled"),
        pytest.param(
            ["backend/requirements.txt"], "DEPLOY_REQUIREMENTS=backend/requirements.txt,", id="below"
        ),
        pytest.param(
            ["app/uv.lock", "app/pyproject.toml"], "DEPLOY_REQUIREMENTS=app/uv.lock,", id="a lock below"
        ),
        pytest.param(["config/requirements/live.txt"], "=config/requirements/live.txt,", id="further below"),
        pytest.param(["Pipfile"], "^Pipfile: is not read here; export it", id="pipenv without a lock"),
        pytest.param(["environment.yml"], "^environment.yml: is not read here", id="conda"),
        pytest.param(["pixi.toml"], "^pixi.toml: is not read here", id="pixi"),
    ],
)
def test_a_file_that_nobody_reads_is_named(tree: Path, paths: list[str], message: str) -> None:
    for path in paths:
        write(tree / path, "")
    with pytest.raises(UsageError, match=message):
        requirements.read(tree, ())


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(
            ["docs/requirements.txt", "tests/requirements.txt", "manage.py"], id="of docs and tests"
        ),
        pytest.param(
            ["vendor/inhouse/requirements.txt", "vendor/inhouse/uv.lock"], id="of a vendored package"
        ),
        pytest.param(
            ["requirements.txt", "requirements/prod.txt", "poetry.lock"], id="beside one that is read"
        ),
        pytest.param(["manage.py"], id="none at all"),
    ],
)
def test_requirements_of_others_are_not_meant(tree: Path, paths: list[str]) -> None:
    for path in paths:
        write(tree / path, "")
    assert requirements.read(tree, ()).lines == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param(
            {"pyproject.toml": f'{PROJECT}dynamic = ["dependencies"]\n'},
            r"pyproject\.toml: its dependencies are dynamic, which only its build backend can read; "
            "write them to requirements.txt",
            id="dynamic",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ndjango = "^5"\n'},
            r"pyproject\.toml: its dependencies are in \[tool\.poetry\.dependencies\].*`poetry lock`|export",
            id="poetry without a lock",
        ),
        pytest.param(
            {"setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    idna\n"},
            r"setup\.cfg: its install_requires is not read here; write it to requirements\.txt",
            id="setup.cfg",
        ),
        pytest.param(
            {"setup.py": "from setuptools import setup\nsetup(name='shop', install_requires=['idna'])\n"},
            r"setup\.py: its install_requires is not read here",
            id="setup.py",
        ),
    ],
)
def test_dependencies_in_other_forms_are_named(tree: Path, files: dict[str, str], message: str) -> None:
    for path, text in files.items():
        write(tree / path, text)
    with pytest.raises(UsageError, match=message):
        requirements.read(tree, ())


def test_dynamic_dependencies_of_setuptools_are_read_from_the_files_that_it_reads(tree: Path) -> None:
    table = '[tool.setuptools.dynamic]\ndependencies = {file = ["deps/base.in", "deps/more.in"]}\n'
    write(tree / "pyproject.toml", f'{PROJECT}dynamic = ["version", "dependencies"]\n{table}')
    write(tree / "deps/base.in", "idna\n./vendor/inhouse\n")
    write(tree / "deps/more.in", "six\n")
    found = requirements.read(tree, ())
    assert (found.lines, found.vendored) == (["idna", "six"], {"vendor/inhouse": "deps/base.in:2"})


@pytest.mark.parametrize("name", ["Pipfile", "poetry.lock", "environment.yml"])
def test_a_file_of_another_tool_is_no_requirements_file_either(tree: Path, name: str) -> None:
    write(tree / name, "idna\n")
    with pytest.raises(UsageError, match=f"{name}: is not read here"):
        requirements.read(tree, (name,))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param('["idna", "six"]', id="one more"),
        pytest.param('["idna<3"]', id="another version"),
        pytest.param("[]", id="none left"),
    ],
)
def test_a_lock_of_uv_that_is_older_than_its_project_is_named(tree: Path, changed: str) -> None:
    write(tree / "pyproject.toml", f'{PROJECT}requires-python = ">=3.10"\ndependencies = ["idna==3.10"]\n')
    subprocess.run([UV, "lock", "--quiet"], cwd=tree, check=True)
    assert [line.split()[0] for line in requirements.read(tree, ()).lines] == ["idna==3.10"]
    write(tree / "pyproject.toml", f'{PROJECT}requires-python = ">=3.10"\ndependencies = {changed}\n')
    with pytest.raises(
        UsageError, match=r"uv\.lock: is older than pyproject\.toml .*; run `uv lock` and commit"
    ):
        requirements.read(tree, ())


def test_a_lock_of_uv_for_nothing_is_older_than_a_project_with_dependencies(tree: Path) -> None:
    write(tree / "pyproject.toml", f'{PROJECT}requires-python = ">=3.10"\n')
    subprocess.run([UV, "lock", "--quiet"], cwd=tree, check=True)
    write(tree / "pyproject.toml", f'{PROJECT}requires-python = ">=3.10"\ndependencies = ["idna"]\n')
    with pytest.raises(UsageError, match=r"uv\.lock: is older than pyproject\.toml \(idna\)"):
        requirements.read(tree, ())


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.lock"])
@pytest.mark.parametrize(
    ("wanted", "lines", "what"),
    [
        pytest.param("idna", "six==1.17.0\n", "idna", id="not in it"),
        pytest.param("Idna>=3", "idna==2.10\n", "idna", id="too old"),
        pytest.param("idna>=3", "idna==3.10 \\\n    --hash=sha256:00\n", "", id="in it"),
        pytest.param("In_House", "./vendor/inhouse\n", "", id="vendored"),
        pytest.param("idna; python_version < '3'", "six\n", "", id="for another Python"),
    ],
)
def test_a_compiled_file_that_is_older_than_its_project_is_named(
    tree: Path, name: str, wanted: str, lines: str, what: str
) -> None:
    package(tree, "inhouse")
    write(tree / "vendor/inhouse/pyproject.toml", '[project]\nname = "in.house"\nversion = "1"\n')
    write(tree / "pyproject.toml", f'{PROJECT}dependencies = ["{wanted}"]\n')
    write(tree / name, lines)
    if not what:
        requirements.read(tree, ())
        return
    with pytest.raises(UsageError, match=rf"{name}: is older than pyproject\.toml \({what}\)"):
        requirements.read(tree, ())


@pytest.mark.parametrize(
    "line",
    [
        "wheels/other-1-py3-none-any.whl",
        "other-1-py3-none-any.whl",
        "libs/other",
        "other-1.tar.gz",
        "other @ {root:uri}/libs/other",
    ],
)
def test_a_bare_path_is_refused(tree: Path, line: str) -> None:
    write(tree / "requirements.txt", f"idna\n{line}\n")
    with pytest.raises(UsageError, match=r"requirements\.txt:2: names a path"):
        requirements.read(tree, ())


@pytest.mark.parametrize(
    "line",
    [
        "https://host/other-1-py3-none-any.whl",
        "other @ https://host/other-1.tar.gz",
        "--index-url=https://h/simple",
    ],
)
def test_an_address_is_no_path(tree: Path, line: str) -> None:
    write(tree / "requirements.txt", f"{line}\n")
    assert requirements.read(tree, ()).lines == [line]


@pytest.mark.parametrize("root", ["{root:uri}", "file://{root}", "file:///${PROJECT_ROOT}"])
def test_a_path_from_the_root_of_the_project_is_that_of_a_vendored_package(tree: Path, root: str) -> None:
    write(
        tree / "pyproject.toml",
        f'{PROJECT}dependencies = ["idna", "inhouse[fast] @ {root}/vendor/inhouse"]\n',
    )
    found = requirements.read(tree, ())
    assert (found.lines, list(found.vendored), found.extras) == (
        ["idna"],
        ["vendor/inhouse"],
        {"vendor/inhouse": "[fast]"},
    )


def test_a_marker_that_is_false_on_the_host_leaves_a_vendored_package_out(tree: Path, uv_host: Host) -> None:
    package(tree, "inhouse")
    package(tree, "other")
    write(tree / "requirements.txt", "./vendor/inhouse\n./vendor/other ; sys_platform == 'win32'\n")
    assert list(uv_host.bundle(tree).packages["wheels"]) == ["inhouse-1-py3-none-any.whl"]
    write(tree / "requirements.txt", "./vendor/other ; python_version >= '3.8' and sys_platform == 'linux'\n")
    assert len(uv_host.bundle(tree).packages["wheels"]) == 2


def test_requirements_that_are_all_for_other_hosts_are_named(tree: Path, uv_host: Host) -> None:
    write(tree / "requirements.txt", "idna ; python_version < '3'\nsix ; sys_platform == 'win32'\n")
    (line,) = uv_host.bundle(tree).lines
    assert line.startswith("requirements: by its marker, none is for the host's Python 3.")
    write(tree / "requirements.txt", "idna==3.10 ; python_version > '3'\nsix ; sys_platform == 'win32'\n")
    assert uv_host.bundle(tree).lines == ()
