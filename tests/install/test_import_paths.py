"""`path`: vendored sources are importable in their own release, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.remote.failure import Failure
from deploytasks.remote.release import inventory
from tests.install.host import Host, package, write


def test_sources_are_imported_from_the_release_with_and_without_src(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse", "one")
    write(tree / "vendor/flat/flat/__init__.py", "")
    write(tree / "manage.py", "import flat, inhouse, idna\nprint(inhouse.TEXT, flat.__file__)\n")
    write(tree / "requirements.txt", "-e ./vendor/inhouse\nidna==3.10\n")
    first = uv_host.deploy(tree, vendor_install="path")
    package(tree, "inhouse", "two")
    second = uv_host.deploy(tree, vendor_install="path")
    for release, text in ((first, "one"), (second, "two")):
        flat = uv_host.root / "releases" / release / "vendor/flat/flat/__init__.py"
        assert uv_host.run(release, "python", "manage.py") == f"{text} {flat}"
    shared = {(uv_host.environment_of(one) / "lib").resolve() for one in (first, second)}
    assert len(shared) == 2 and len(list((uv_host.root / "venvs").glob("[0-9a-f]*"))) == 1


def test_gunicorn_sees_the_sources_of_its_own_release(host: Host, tree: Path) -> None:
    package(tree, "inhouse", "one")
    write(tree / "app.py", "import inhouse\n\n\ndef app(environ, start_response):\n    return []\n")
    write(tree / "requirements.txt", "gunicorn==23.0.0\n")
    release = host.deploy(tree, vendor_install="path")
    script = host.environment_of(release) / "bin" / "gunicorn"
    assert script.read_text().count(f"own-{release}") == 1
    assert host.run(release, "gunicorn", "--check-config", "app:app") == ""


def test_a_tree_without_metadata_is_put_on_the_path_and_that_is_said(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    write(tree / "vendor/plain/plain.py", "TEXT = 'plain'\n")
    write(tree / "vendor/pictures/logo.svg", "")
    assert uv_host.bundle(tree).lines == (
        "vendor/plain: has no build metadata; its directory is put on the import path",
    )
    release = uv_host.deploy(tree)
    assert (
        uv_host.run(release, "python", "-c", "import inhouse, plain; print(inhouse.TEXT, plain.TEXT)")
        == "one plain"
    )


@pytest.mark.parametrize(
    ("path", "what"),
    [
        pytest.param(
            "vendor/mine/json.py",
            "vendor/mine: its module json has the name of the standard library's",
            id="stdlib",
        ),
        pytest.param(
            "vendor/mine/inhouse/__init__.py",
            "vendor/mine: its module inhouse has the name of one in vendor/inhouse",
            id="another vendored package",
        ),
    ],
)
def test_a_module_must_not_shadow(uv_host: Host, tree: Path, path: str, what: str) -> None:
    package(tree, "inhouse")
    write(tree / path, "")
    with pytest.raises(UsageError, match=what):
        uv_host.bundle(tree, vendor_install="path")


@pytest.mark.parametrize(
    ("path", "requirement"),
    [
        pytest.param("idna/__init__.py", "idna==3.10", id="a package"),
        pytest.param("six.py", "six==1.17.0", id="a module"),
        pytest.param("_cffi_backend.py", "cffi", id="an extension"),
    ],
)
def test_a_module_must_not_shadow_a_locked_package(
    uv_host: Host, tree: Path, path: str, requirement: str
) -> None:
    write(tree / "vendor/mine" / path, "")
    write(tree / "requirements.txt", f"{requirement}\n")
    name = path.removesuffix("/__init__.py").removesuffix(".py")
    with pytest.raises(Failure, match=f"its module {name} has the name of an installed package's"):
        uv_host.deploy(tree, vendor_install="path")


def test_what_lies_beside_a_flat_package_shadows_nothing(uv_host: Host, tree: Path) -> None:
    for name in ("one", "two"):
        write(tree / f"vendor/{name}/{name}.py", "")
        write(tree / f"vendor/{name}/tests/__init__.py", "")
        write(tree / f"vendor/{name}/setup.py", "")
    assert dict(uv_host.bundle(tree, vendor_install="path").import_paths) == {
        "vendor/one": ("one",),
        "vendor/two": ("two",),
    }


def test_a_release_says_which_keyed_environment_lies_below_its_own(uv_host: Host, tree: Path) -> None:
    write(tree / "vendor/flat/flat.py", "")
    release = uv_host.deploy(tree)
    key = uv_host.bundle(tree).key(uv_host.facts)
    assert uv_host.environment_of(release).name == f"own-{release}"
    assert inventory.provenance(uv_host.state, release)["dependency_key"] == key
