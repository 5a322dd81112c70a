from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import Farm, farm


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """host1 directly and host2 through the jump host; for tests that change neither keys nor known_hosts."""
    with farm(tmp_path_factory.mktemp("hosts"), count=2, jump=True) as made:
        yield made


@pytest.fixture
def own_hosts(tmp_path: Path) -> Iterator[Farm]:
    """The same, for one test alone, which may break them."""
    with farm(tmp_path, count=2, jump=True) as made:
        yield made


@pytest.fixture(scope="module")
def ipv6_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """host1 on ::1."""
    with farm(tmp_path_factory.mktemp("six"), address="::1") as made:
        yield made
