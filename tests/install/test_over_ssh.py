"""Whole deploys to a host over SSH, with its own uv and its own pip."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.install.host import UV, snapshot
from tests.release.project import make_plain
from tests.release.site import Site, ended
from tests.rig import Farm, Sshd, farm, wait_until

NUMBER = count()
REFUSING = "http://127.0.0.1:9/simple"
NO_INDEX = {"PIP_INDEX_URL": REFUSING, "PIP_EXTRA_INDEX_URL": REFUSING, "UV_DEFAULT_INDEX": REFUSING}


@pytest.fixture(scope="module")
def one_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A host that has uv where its own installer puts it."""
    with farm(tmp_path_factory.mktemp("one"), count=1) as made:
        place = made.hosts[0].home / ".local" / "bin" / "uv"
        place.parent.mkdir(parents=True)
        place.symlink_to(UV.resolve())
        yield made


@pytest.fixture(params=["uv", "pip"])
def site(
    request: pytest.FixtureRequest,
    one_host: Farm,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """A project with vendor/lib on the host, installed by uv and by pip; no index answers there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    site = Site(make_plain(tmp_path), one_host, f"install{next(NUMBER)}")
    site.configure(DEPLOY_INSTALLER=request.param, **NO_INDEX)
    return site


def text(site: Site, host: Sshd) -> str:
    """What the vendored package says in the served release."""
    return site.on(host, "python -c 'import lib; print(lib.TEXT)'")


def test_new_code_of_an_old_version_runs_and_a_rollback_runs_the_old_without_an_installer(site: Site) -> None:
    host = site.farm.hosts[0]
    site.project.deploy()
    site.project.lib_says("two")
    site.project.deploy()
    assert text(site, host) == "two"
    before = snapshot(site.path(host) / "venvs")
    back = site.project.fab("rollback", "--env=staging")
    assert back.code == 0, back.err
    assert (text(site, host), snapshot(site.path(host) / "venvs")) == ("one", before)


def test_a_deploy_of_code_alone_touches_no_environment(site: Site) -> None:
    host = site.farm.hosts[0]
    site.project.deploy()
    before = snapshot(site.path(host) / "venvs")
    site.project.write("page.txt", "second\n")
    site.project.commit()
    site.project.deploy()
    assert (site.page(host), snapshot(site.path(host) / "venvs")) == ("second", before)


def test_a_host_without_an_index_installs_from_the_wheelhouse(site: Site) -> None:
    (site.project.root / "environments/staging.local.env").write_text("DEPLOY_WHEELHOUSE=yes\n")
    site.project.write("requirements.txt", "./vendor/lib\nidna\nMarkupSafe\n")
    site.project.commit()
    site.project.deploy()
    assert site.on(site.farm.hosts[0], "python -c 'import idna, lib, markupsafe; print(lib.TEXT)'") == "one"


def test_after_the_host_dies_in_an_install_the_next_deploy_succeeds(site: Site) -> None:
    host = site.farm.hosts[0]
    process = site.project.start("deploy", "--env=staging")
    wait_until(lambda: list(site.path(host).glob("venvs/.*.tmp")), "the install has begun", 90.0)
    host.stop()
    assert ended(process) != 0
    assert not (site.path(host) / "current").exists()
    host.start()
    release = site.project.deploy()
    assert site.currents() == [release]
    assert text(site, host) == "one"
    assert not list(site.path(host).glob("venvs/.*.tmp"))
