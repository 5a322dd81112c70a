from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.host import UV, Host
from tests.rig import Farm, farm


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deploying side's cache, shared between tests: a wheel is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def uv_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """uv of the test environment, as on a host that has it."""
    monkeypatch.setenv("PATH", str(UV.parent), prepend=":")


@pytest.fixture(params=["uv", "pip"])
def host(request: pytest.FixtureRequest, tmp_path: Path, cache: Path) -> Host:
    """A host, once with uv and once with pip."""
    return Host(tmp_path / "srv", cache, request.param)


@pytest.fixture
def uv_host(tmp_path: Path, cache: Path) -> Host:
    return Host(tmp_path / "srv", cache, "uv")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty project."""
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


@pytest.fixture(scope="package")
def one_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A host that has uv where its own installer puts it."""
    with farm(tmp_path_factory.mktemp("one"), count=1) as made:
        place = made.hosts[0].home / ".local" / "bin" / "uv"
        place.parent.mkdir(parents=True)
        place.symlink_to(UV.resolve())
        yield made
