"""Whole deploys to a host over SSH, with its own uv and its own pip."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.install.host import NO_INDEX, snapshot
from tests.release.project import PYPROJECT, make_plain
from tests.release.site import Site
from tests.rig import Farm

NUMBER = count()
THIRTY = """\
asgiref attrs blinker certifi charset-normalizer click colorama flask gunicorn h11
idna iniconfig itsdangerous jinja2 markdown-it-py markupsafe mdurl packaging platformdirs pluggy
python-dateutil pyyaml requests six sqlparse toolz tqdm typing-extensions urllib3 werkzeug
"""
LIB = "python -c 'import lib; print(lib.TEXT)'"
"""Prints what the vendored package says."""
VERSIONS = """\
import sys
from importlib.metadata import version
import second
print(second.TEXT, *map(version, sys.argv[1:]))
"""
BUILD = """\
#!/bin/sh
set -e
pip --version
cp -r vendor/lib/lib "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
"""
PRINT = "import lib\n\nprint(lib.TEXT)\n"


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


def also(site: Site, **keys: str) -> None:
    """Add settings to the environment."""
    with (site.project.root / "environments/staging.env").open("a") as stream:
        stream.write("".join(f"{key}={value}\n" for key, value in keys.items()))


def test_new_code_of_an_old_version_runs_and_a_rollback_runs_the_old_without_an_installer(site: Site) -> None:
    host = site.farm.hosts[0]
    site.project.deploy()
    site.project.lib_says("two")
    site.project.deploy()
    assert site.on(host, LIB) == "two"
    before = snapshot(site.path(host) / "venvs")
    back = site.project.fab("rollback", "--env=staging")
    assert back.code == 0, back.err
    assert (site.on(host, LIB), snapshot(site.path(host) / "venvs")) == ("one", before)


def test_a_deploy_of_code_alone_touches_no_environment(site: Site) -> None:
    host = site.farm.hosts[0]
    site.project.deploy()
    before = snapshot(site.path(host) / "venvs")
    site.project.write("page.txt", "second\n")
    site.project.commit()
    site.project.deploy()
    assert (site.page(host), snapshot(site.path(host) / "venvs")) == ("second", before)


def test_a_host_without_an_index_installs_thirty_packages_and_two_vendored_ones(site: Site) -> None:
    also(site, DEPLOY_WHEELHOUSE="yes")
    site.project.write("versions.py", VERSIONS)
    site.project.write("vendor/second/pyproject.toml", PYPROJECT.format(name="second"))
    site.project.write("vendor/second/second/__init__.py", "from lib import TEXT\n")
    site.project.write("requirements.txt", "./vendor/lib\n" + THIRTY.replace(" ", "\n"))
    site.project.commit()
    site.project.deploy()
    names = ["lib", "second", *THIRTY.split()]
    text, *versions = site.on(site.farm.hosts[0], f"python versions.py {' '.join(names)}").split()
    assert (text, len(versions)) == ("one", 32)


@pytest.mark.parametrize("site", ["uv"], indirect=True)
def test_sources_on_the_path_are_found_by_every_program_of_their_release_alone(site: Site) -> None:
    host = site.farm.hosts[0]
    also(site, DEPLOY_VENDOR_INSTALL="path", DEPLOY_WHEELHOUSE="yes")
    site.project.write("manage.py", f"#!/usr/bin/env python\n{PRINT}", 0o755)
    site.project.write("app.py", f"{PRINT}\n\n\ndef app(environ, start_response):\n    return []\n")
    site.project.write("requirements.txt", "gunicorn\n")
    site.project.commit()
    first = site.project.deploy()
    site.project.lib_says("two")
    second = site.project.deploy()
    root = f"{host.remote_srv}/{site.directory}"
    # as cron starts things: from the home directory, with hardly an environment
    cron = "cd ~ && env -i HOME=$HOME SHELL=/bin/sh PATH=/usr/bin:/bin sh -c"
    for release, text in ((f"releases/{first}", "one"), (f"releases/{second}", "two"), ("current", "two")):
        place = f"{root}/{release}"
        ways = (
            f"cd {place} && PATH=$PWD/.venv/bin:$PATH ./manage.py",
            f"cd {place} && .venv/bin/gunicorn --check-config app:app",
            f"{cron} '{place}/.venv/bin/python {place}/manage.py'",
        )
        assert [site.farm.run(host, way).strip() for way in ways] == [text] * 3


@pytest.mark.parametrize("site", ["uv"], indirect=True)
def test_without_vendor_install_postinstall_builds_in_an_environment_of_the_release(site: Site) -> None:
    host = site.farm.hosts[0]
    also(site, DEPLOY_VENDOR_INSTALL="none")
    site.project.write("postinstall", BUILD, 0o755)
    site.project.commit()
    site.project.deploy()
    site.project.lib_says("two")
    site.project.deploy()
    assert site.on(host, LIB) == "two"
    back = site.project.fab("rollback", "--env=staging")
    assert (back.code, site.on(host, LIB)) == (0, "one")


@pytest.mark.parametrize("site", ["uv"], indirect=True)
def test_a_project_that_requires_a_newer_python_is_refused_before_anything_is_uploaded(site: Site) -> None:
    site.project.write(
        "pyproject.toml", "[project]\nname = 'app'\nversion = '0'\nrequires-python = '>=3.99'\n"
    )
    site.project.commit()
    refused = site.project.fab("deploy", "--env=staging")
    assert refused.code == 1
    assert ", the project requires >=3.99; set DEPLOY_PYTHON" in refused.err
    assert not site.path(site.farm.hosts[0]).exists()
