"""What holds for all tests: a skip is a failure, and scenarios that are a matter of luck can be repeated."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.trial import obstacle

MACHINES = Path(__file__).parent / "machines"

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


def machines_are_left_out() -> bool:
    """Whether real machines are beyond this one, and may be missing because a person is looking on."""
    return bool(obstacle()) and not os.environ.get("CI")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if item.path.is_relative_to(MACHINES)]
    if left_out and machines_are_left_out():
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    asked = [(config.invocation_params.dir / word.split("::")[0]).resolve() for word in config.args]
    concerned = any(MACHINES.is_relative_to(path) or path.is_relative_to(MACHINES) for path in asked)
    if concerned and machines_are_left_out():
        terminalreporter.write_line(f"tests/machines: left out, this machine {obstacle()}", yellow=True)
