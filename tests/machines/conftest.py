from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.rack import Rack, rack

HERE = Path(__file__).parent
FIRST_RUN = 1800
"""Seconds: the first test that needs a tree waits until it is made, perhaps by another process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(FIRST_RUN))


@pytest.fixture(scope="module", name="rack")
def rack_of_the_module() -> Iterator[Rack]:
    """Starts machines; see README.md beside this."""
    with rack() as made:
        yield made
