"""The example: a real Django project on PostgreSQL, served by gunicorn from `current`, asked over HTTP
before and after.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, make_project
from tests.release.project import Plain
from tests.release.site import Site
from tests.rig import Farm, farm, free_port
from tests.servers import PostgreSQL


@pytest.fixture
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Hosts of their own: gunicorn, which a deploy starts, ends with its host."""
    with farm(tmp_path_factory.mktemp("django"), count=3, jump=True) as made:
        yield made


def configured(project: Project, farm: Farm, url: str, port: int) -> Site:
    """The blog on host1, the release on two workers too: hosts share the loopback, and so one port is one server."""
    site = Site(Plain(project.root, project.greeting), farm, "blog")
    site.configure(
        "host1",
        DEPLOY_HOSTS_WORKER="host2 host3",
        DATABASE_URL=url,
        SECRET_KEY="not-so-secret-django-key",
        BIND=f"127.0.0.1:{port}",
        DEPLOY_SHARED_DIRS="run",
        DEPLOY_MIGRATE="python manage.py migrate --noinput",
        DEPLOY_RESTART="./serve",
        DEPLOY_HEALTH_URL=f"http://127.0.0.1:{port}/health",
        DEPLOY_HEALTH_EXPECT="{release}",
    )
    return site


def ask(port: int, path: str = "") -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
        return str(answer.read().decode())


def test_the_example_is_deployed_changed_and_rolled_back_while_it_serves(
    hosts: Farm, postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project, port = (
        make_project(tmp_path, {"dev": "DEPLOY_HOSTS=local:\nDEPLOY_PATH=.deploy/dev\n"}),
        free_port(),
    )
    site = configured(project, hosts, postgresql.url, port)
    first = site.project.deploy()
    before = ask(port)
    assert ask(port, "health") == first
    project.change_greeting("now it says something else")
    moved = site.project.run("inv", "vendor.update", "--remote", "--commit")
    assert moved.code == 0, moved.err
    second = site.project.deploy()
    assert ask(port, "health") == second
    assert "now it says something else" in ask(port)
    assert site.currents() == [second] * 3
    assert site.project.fab("status", "--env=staging").code == 0
    back = site.project.fab("rollback", "--env=staging")
    assert back.code == 0, back.err
    assert ask(port, "health") == first
    assert ask(port) == before
    assert postgresql.psql("SELECT count(*) FROM django_migrations", database="app").strip() != "0"
