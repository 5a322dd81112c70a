"""The readiness wait on a real PostgreSQL: from its first accepted login to "ready", and a wrong password to "refused".

Run as `python -m benchmarks.readiness` at the root of the project. Median and largest in s over RUNS (5) runs, and how
many bare logins each is worth. Exit code 1 when "ready" takes more than 1.6 s, or "refused" 8 s or more.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploytasks.remote.agent.state import State
from deploytasks.remote.services import postgresql, verdict, wait
from tests.servers import PASSWORD, PostgreSQL

RUNS = int(os.environ.get("RUNS", "5"))
READY_GOAL, REFUSED_GOAL = 1.6, 8.0


def login(url: str) -> bool:
    """Whether one bare login, with the question that follows it, succeeds."""
    try:
        postgresql.attempt(urllib.parse.urlsplit(url), 5.0, True)
    except verdict.Attempt as answer:
        return bool(answer.kind == verdict.READY)
    return False


def waited(root: Path, url: str) -> tuple[int, float]:
    """Exit code of a wait as a host that serves a release carries it out, and the moment it returned."""
    state = State()
    state.root = str(root)
    service = {"DATABASE_URL": {"url": url, "usable": True}}
    result: dict[str, Any] = wait.wait(state, service, timeout=60.0, migrates=True)["__result__"]
    return result["code"], time.perf_counter()


def until_ready(root: Path, server: PostgreSQL) -> float:
    """Seconds from the first login that a stopped server accepts to the end of a wait begun before."""
    server.stop()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(waited, root, server.url)
        server.launch()
        while not login(server.url):
            time.sleep(0.002)
        accepted = time.perf_counter()
        code, returned = waiting.result()
    assert code == 0, code
    return returned - accepted


def until_refused(root: Path, server: PostgreSQL) -> float:
    """Seconds that a wrong password takes to be reported by a server that is up."""
    begun = time.perf_counter()
    code, returned = waited(root, server.url.replace(PASSWORD, "wrong"))
    assert code == verdict.REFUSED, code
    return returned - begun


def bare(server: PostgreSQL) -> float:
    """Seconds of one bare login: the floor."""
    begun = time.perf_counter()
    assert login(server.url)
    return time.perf_counter() - begun


def measured(root: Path, server: PostgreSQL) -> dict[str, list[float]]:
    """Seconds of every run by what was timed."""
    server.create()
    (root / "current").symlink_to("releases/20260101000000-abcdefa")
    return {
        "a bare login": [bare(server) for _ in range(RUNS)],
        "accepts -> ready": [until_ready(root, server) for _ in range(RUNS)],
        "wrong password -> 77": [until_refused(root, server) for _ in range(max(2, RUNS // 2))],
    }


def main() -> None:
    """Print a row for each, and fail when a goal is missed."""
    with tempfile.TemporaryDirectory() as made:
        server = PostgreSQL(Path(made) / "postgresql")
        try:
            rows = measured(Path(made), server)
        finally:
            server.stop()
    floor = statistics.median(rows["a bare login"])
    for name, seconds in rows.items():
        middle = statistics.median(seconds)
        print(
            f"{name:<22}{middle:8.3f} s   at most {max(seconds):6.3f} s   {middle / floor:8.1f} bare logins"
        )
    print(
        f"goals: ready within {READY_GOAL} s (1.0 s of it between its two logins), refused under {REFUSED_GOAL} s"
    )
    late = max(rows["accepts -> ready"]) > READY_GOAL or max(rows["wrong password -> 77"]) >= REFUSED_GOAL
    raise SystemExit(late)


if __name__ == "__main__":
    main()
