from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.release.project import Plain, make_plain
from tests.release.site import Site
from tests.rig import Farm, farm
from tests.servers import PostgreSQL

NUMBER = count()


@pytest.fixture(scope="session")
def three_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """host1 and host2 directly, host3 through the jump host."""
    with farm(tmp_path_factory.mktemp("three"), count=3, jump=True) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A running server with the role and database `app`."""
    server = PostgreSQL(tmp_path_factory.mktemp("postgresql"))
    try:
        server.create()
        yield server
    finally:
        server.stop()


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Plain:
    """A project of its own; built wheels are shared between tests, staged trees are not (their key is the path)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    return make_plain(tmp_path)


@pytest.fixture
def staging(project: Plain, three_hosts: Farm) -> Site:
    """The project with an environment `staging` on the three hosts, at a DEPLOY_PATH of its own."""
    site = Site(project, three_hosts, f"site{next(NUMBER)}")
    site.configure()
    return site


@pytest.fixture
def local(project: Plain) -> Plain:
    """The project with an environment `dev` on this machine."""
    project.environment("dev", DEPLOY_HOSTS="local:", DEPLOY_PATH=".deploy/dev")
    return project
