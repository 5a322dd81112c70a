"""Directories of vendored code on the import path: as they are laid out, or as one says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytasks.errors import UsageError
from deploytasks.packages import build
from tests.install.host import Host, environment, package, staged, write

SHOW = "import {0}; print({0}.__name__, *{0}.__path__)"


@pytest.mark.parametrize("install", ["wheel", "path"])
@pytest.mark.parametrize("below", ["", "src/"], ids=["flat", "src"])
def test_a_namespace_package_is_importable(tree: Path, uv_host: Host, install: str, below: str) -> None:
    write(tree / f"vendor/one/{below}acme/orders/__init__.py", "")
    write(tree / f"vendor/two/{below}acme/bills/__init__.py", "")
    release = uv_host.deploy(tree, vendor_install=install)
    said = uv_host.run(release, "python", "-c", "import acme.bills, acme.orders; print(acme.bills.__name__)")
    assert said == "acme.bills"


def test_a_namespace_may_be_that_of_an_installed_package_too(tree: Path, uv_host: Host) -> None:
    place = package(tree, "built")
    (place / "src/built").rename(place / "src/acme")
    write(place / "src/acme/stock/__init__.py", "")
    (place / "src/acme/__init__.py").unlink()
    write(tree / "vendor/plain/acme/bills/__init__.py", "")
    release = uv_host.deploy(tree)
    assert uv_host.run(release, "python", "-c", "import acme.bills, acme.stock; print('both')") == "both"


def test_modules_beside_a_src_of_another_language_are_importable(tree: Path, uv_host: Host) -> None:
    write(tree / "vendor/fast/src/fast.c", "")
    write(tree / "vendor/fast/fast.py", "TEXT = 'slow'\n")
    release = uv_host.deploy(tree)
    assert uv_host.run(release, "python", "-c", "import fast; print(fast.TEXT)") == "slow"


@pytest.mark.parametrize(
    "path", ["vendor/odd/lib/python/inner.py", "vendor/odd/tests/__init__.py", "vendor/odd/a-b/c.py"]
)
def test_a_directory_with_python_from_which_nothing_can_be_imported_is_named(
    tree: Path, uv_host: Host, path: str
) -> None:
    write(tree / path, "")
    write(tree / "vendor/pictures/logo.svg", "")
    (line,) = uv_host.bundle(tree).lines
    assert line == (
        "vendor/odd: nothing in it can be imported: it has neither build metadata nor a module at its top or in src/; "
        "say what belongs on the path in DEPLOY_VENDOR_PATHS"
    )


def test_a_submodule_without_any_python_is_named(tree: Path, uv_host: Host) -> None:
    write(tree / "vendor/empty/README", "")
    bundle = build(staged(tree, {"vendor/empty": "v1"}), environment(tree), facts=dict, cache=uv_host.cache)
    assert bundle.lines[0].startswith("vendor/empty: nothing in it can be imported")


def playdoh(tree: Path) -> None:
    """vendor/ as Mozilla's playdoh has it: packages under src/, modules in lib/python, and a list of paths."""
    write(tree / "vendor/bin/tool.py", "")
    write(tree / "vendor/lib/python/commonware.py", "TEXT = 'common'\n")
    write(tree / "vendor/src/funfactory/funfactory/__init__.py", "TEXT = 'fun'\n")
    write(tree / "vendor/src/funfactory/setup.py", "raise SystemExit('is not built')\n")
    write(tree / "vendor/src/django/django/__init__.py", "TEXT = 'old'\n")
    write(tree / "vendor/src/newer/django/__init__.py", "TEXT = 'new'\n")
    write(
        tree / "vendor/vendor.pth",
        "# order counts\nlib/python\nsrc/funfactory\n\nsrc/newer\nsrc/django\nimport os\n",
    )


IMPORT = "import commonware, django, funfactory; print(commonware.TEXT, django.TEXT, funfactory.TEXT)"


@pytest.mark.parametrize("install", ["wheel", "path"])
def test_the_layout_of_playdoh_is_on_the_path_as_its_list_says(tree: Path, host: Host, install: str) -> None:
    playdoh(tree)
    bundle = host.bundle(tree, vendor_install=install)
    assert list(bundle.import_paths) == [
        "vendor/lib/python",
        "vendor/src/funfactory",
        "vendor/src/newer",
        "vendor/src/django",
    ]
    release = host.deploy(tree, vendor_install=install)
    assert host.run(release, "python", "-c", IMPORT) == "common new fun"


def test_the_setting_goes_before_the_list_and_its_order_holds(tree: Path, uv_host: Host) -> None:
    playdoh(tree)
    paths = ("vendor/src/django", "vendor/src/newer", "vendor/src/funfactory", "vendor/lib/python")
    release = uv_host.deploy(tree, vendor_paths=paths)
    assert uv_host.run(release, "python", "-c", IMPORT) == "common old fun"


def test_what_is_chosen_shadows_what_is_installed(tree: Path, uv_host: Host) -> None:
    write(tree / "requirements.txt", "six==1.17.0\n")
    write(tree / "libs/six.py", "TEXT = 'ours'\n")
    release = uv_host.deploy(tree, vendor_paths=("libs",))
    assert uv_host.run(release, "python", "-c", "import six; print(six.TEXT)") == "ours"


def test_a_package_that_is_on_the_path_is_not_built_as_well(tree: Path, uv_host: Host) -> None:
    package(tree, "inhouse")
    package(tree, "other")
    bundle = uv_host.bundle(tree, vendor_paths=("vendor/inhouse/src",))
    assert (list(bundle.import_paths), list(bundle.packages["wheels"])) == (
        ["vendor/inhouse/src"],
        ["other-1-py3-none-any.whl"],
    )


@pytest.mark.parametrize(
    ("paths", "listed", "message"),
    [
        (("vendor/none",), "", r"DEPLOY_VENDOR_PATHS: vendor/none is no directory of the revision"),
        ((), "src/none\n", r"vendor/vendor\.pth: vendor/src/none is no directory of the revision"),
        ((), "../../etc\n", r"vendor/vendor\.pth: \.\./etc lies outside the project"),
        ((), "/srv/lib\n", r"vendor/vendor\.pth: /srv/lib lies outside the project"),
    ],
)
def test_a_path_that_is_not_there_is_refused(
    tree: Path, uv_host: Host, paths: tuple[str, ...], listed: str, message: str
) -> None:
    playdoh(tree)
    write(tree / "vendor/vendor.pth", listed)
    with pytest.raises(UsageError, match=message):
        uv_host.bundle(tree, vendor_paths=paths)
