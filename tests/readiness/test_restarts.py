"""A restart that falls between two logins, unseen: the server says itself that it is another one."""

from __future__ import annotations

import time

import pytest

from deploytasks.remote.services.service import Service
from tests.rig import wait_until
from tests.servers import MariaDB, PostgreSQL, Redis


def identity(url: str) -> object:
    """What the running server is known by."""
    attempt = Service("DATABASE_URL", url, False, "", "", False).ask(5.0)
    assert attempt.kind == "ready", attempt.text
    return attempt.server


@pytest.fixture
def started(redis: Redis) -> Redis:
    redis.start()
    return redis


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "started"], ids=["PostgreSQL", "MariaDB", "Redis"])
def test_a_restarted_server_is_not_the_same(request: pytest.FixtureRequest, kind: str) -> None:
    server: PostgreSQL | MariaDB | Redis = request.getfixturevalue(kind)
    before, second = identity(server.url), int(time.time())
    assert identity(server.url) == before
    wait_until(lambda: time.time() >= second + 1, "MariaDB knows when it started by the second")
    server.stop()
    server.start()
    assert identity(server.url) != before
