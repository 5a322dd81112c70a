"""Installs that are killed on the host over SSH: a plain next deploy succeeds, nothing half-built is ever linked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploytasks.remote.venv import venv
from tests.install import dying
from tests.install.host import NO_INDEX, Host, package
from tests.install.test_over_ssh import LIB
from tests.release.project import Plain, make_plain
from tests.release.site import Site, ended
from tests.rig import Farm, farm, wait_until


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """A project with vendor/lib that every test deploys to a place of its own."""
    return make_plain(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A host whose python3 is tests/install/dying.py."""
    with farm(tmp_path_factory.mktemp("mortal"), count=1) as made:
        python = tools(made) / "python3"
        python.write_text(f"#!{Path(sys.executable).resolve()} -BES\n{Path(dying.__file__).read_text()}")
        python.chmod(0o755)
        yield made


@pytest.fixture(params=["uv", "pip"])
def site(
    request: pytest.FixtureRequest, project: Plain, mortal: Farm, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """The project on that host, at a new place, installed by uv and by pip."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    site = Site(project, mortal, f"site{len(list(mortal.hosts[0].srv.iterdir()))}")
    site.configure(DEPLOY_INSTALLER=request.param, **NO_INDEX)
    return site


def tools(made: Farm) -> Path:
    """The first directory on the host's PATH."""
    return Path(made.hosts[0].search_path.partition(":")[0])


@contextmanager
def last(site: Site, moment: str) -> Iterator[None]:
    """`moment` is the last one of the host's agent."""
    named = tools(site.farm) / "moment"
    named.write_text(moment)
    try:
        yield
    finally:
        named.unlink()


def linked(site: Site) -> list[Path]:
    """The environments that releases are linked to."""
    place = site.path(site.farm.hosts[0])
    return [place / "venvs" / link.readlink().name for link in place.glob("releases/*/.venv")]


def assert_deployed(site: Site) -> None:
    """A deploy succeeds, and leaves one environment, which is whole."""
    release = site.project.deploy()
    assert (site.currents(), site.on(site.farm.hosts[0], LIB)) == ([release], "one")
    environments = list((site.path(site.farm.hosts[0]) / "venvs").iterdir())
    assert [one for one in environments if not venv.usable(str(one))] == []
    assert set(linked(site)) == set(environments)


@pytest.mark.parametrize("moment", dying.MOMENTS)
def test_after_the_agent_is_killed_in_an_install_the_next_deploy_succeeds(site: Site, moment: str) -> None:
    with last(site, moment):
        killed = site.project.fab("deploy", "--env=staging", "--json")
    assert (killed.code, site.currents(), linked(site)) == (4, [None], [])
    assert_deployed(site)


def test_after_the_host_dies_with_a_half_built_environment_the_next_deploy_succeeds(site: Site) -> None:
    host, held = site.farm.hosts[0], tools(site.farm) / "held"
    held.with_name("hold").touch()
    with last(site, "before the import check"):
        process = site.project.start("deploy", "--env=staging")
        wait_until(held.exists, "the packages are installed", 90.0)
        host.stop()
        held.unlink()
    (half_built,) = (site.path(host) / "venvs").iterdir()
    assert (half_built / "lib").exists() and not venv.usable(str(half_built))
    assert (ended(process), linked(site)) == (4, [])
    host.start()
    assert_deployed(site)


def test_an_environment_that_is_not_complete_is_made_again(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    place = uv_host.environment_of(uv_host.deploy(tree))
    place.chmod(0o755)
    (place / venv.COMPLETE).unlink()
    assert uv_host.facts["venvs"] == []
    assert uv_host.run(uv_host.deploy(tree), "say-inhouse") == "one"


def test_an_environment_whose_interpreter_is_gone_is_made_again(uv_host: Host, tree: Path) -> None:
    package(tree, "inhouse")
    place = uv_host.environment_of(uv_host.deploy(tree))
    (place / "bin").chmod(0o755)
    (place / "bin/python").unlink()
    (place / "bin/python").symlink_to("/nowhere/python3")
    assert uv_host.facts["venvs"] == []
    assert uv_host.run(uv_host.deploy(tree), "say-inhouse") == "one"
