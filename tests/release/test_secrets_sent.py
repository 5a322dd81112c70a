"""The application's settings go to hosts only with what writes them or runs something with them."""

from __future__ import annotations

import pytest

from tests.release.site import Site
from tests.rig import program

SECRET = "correct-horse-battery"


@pytest.fixture
def overheard(staging: Site) -> Site:
    """A release on one host, and every word to its agents from then on in the file `heard` of DEPLOY_PATH."""
    host = staging.farm.hosts[0]
    staging.configure(host.name, APP_PASSWORD=SECRET, DEPLOY_VENDOR_INSTALL="path")
    staging.project.deploy()
    heard = f"{host.remote_srv}/{staging.directory}/heard"
    program(host.directory / "tools/python3", f'tee -a {heard} | /usr/bin/python3 "$@"')
    return staging


def test_what_only_asks_sends_no_settings(overheard: Site) -> None:
    heard = overheard.path(overheard.farm.hosts[0]) / "heard"
    try:
        for words in (
            ["status"],
            ["releases"],
            ["lock", "--message=no"],
            ["unlock", "--yes"],
            ["plan"],
            ["prune"],
        ):
            overheard.project.fab(*words, "--env=staging")
        said = heard.read_bytes()
        assert b'"read_lock"' in said and b'"freeze"' in said and b'"manifest"' in said
        assert SECRET.encode() not in said
        assert overheard.project.fab("deploy", "--env=staging").code == 0
        assert SECRET.encode() in heard.read_bytes()
    finally:
        (overheard.farm.hosts[0].directory / "tools/python3").unlink()
