"""What holds for all tests: a skip is a failure, and scenarios that are a matter of luck can be repeated."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest

signal.signal(signal.SIGINT, signal.default_int_handler)
"""Where the tests run in the background it is ignored, which what they start would inherit."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--repeat", type=int, default=1, help="how often each scenario of chance is run (default 1)"
    )
    parser.addoption(
        "--probe-python",
        default=sys.executable,
        help="what runs the readiness wait in its tests (default: this)",
    )


@pytest.fixture
def repeat(request: pytest.FixtureRequest) -> int:
    """How often a scenario of chance is run."""
    count: int = request.config.getoption("--repeat")
    return count


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A test that is skipped has proved nothing: what it needs is installed by the set-up script."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"{item.nodeid}: skipped; install what it needs"  # type: ignore[attr-defined]
    return report
