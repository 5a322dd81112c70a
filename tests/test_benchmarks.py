"""The measuring itself: what a far host's proxy counts, and what a row makes of its samples."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.many import Crowd
from benchmarks.measuring import Row, Sample
from benchmarks.proxy import Connection, Uplink, far
from benchmarks.site import Crossing
from benchmarks.table import markdown


@contextmanager
def speaker(answers: bool) -> Iterator[int]:
    """The port of a server that answers every line, or that speaks three times unasked at its first line."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, client.makefile("rb") as lines:
                for _ in lines:
                    for _ in range(1 if answers else 3):
                        client.sendall(b"answer\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def talk(port: int, lines: list[bytes], answers: int) -> Connection:
    """Send the lines, each after the answers to the one before, through a proxy; what it heard."""
    with far(port, 0.0) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client:
        heard = client.makefile("rb")
        for line in lines:
            client.sendall(line)
            for _ in range(answers):
                assert heard.readline() == b"answer\n"
        return proxy.connections[0]


def test_every_question_that_waits_for_its_answer_is_one_wait() -> None:
    with speaker(answers=True) as port:
        found = talk(port, [b"SSH-2.0-paramiko_5\r\n", b"more\r\n", b"still more\r\n"], answers=1)
    assert (found.client, found.waits) == ("SSH-2.0-paramiko_5", 3)


def test_what_a_host_says_at_length_is_one_wait() -> None:
    with speaker(answers=False) as port:
        assert talk(port, [b"ask\r\n"], answers=3).waits == 1


def test_questions_sent_together_are_one_wait() -> None:
    with speaker(answers=True) as port:
        assert talk(port, [b"one\r\ntwo\r\nthree\r\n"], answers=3).waits == 1


def test_what_a_client_sends_is_counted_and_what_it_hears_is_not() -> None:
    with speaker(answers=True) as port:
        assert talk(port, [b"one\r\n", b"three\r\n"], answers=1).sent == len(b"one\r\nthree\r\n")


def test_a_narrow_way_up_is_shared_and_one_without_a_rate_is_never_full() -> None:
    narrow, wide = Uplink(rate=1000.0), Uplink()
    assert [narrow.leaves(10.0, 500), narrow.leaves(10.1, 1000), narrow.leaves(20.0, 500)] == [
        10.5,
        11.5,
        20.5,
    ]
    assert [wide.leaves(10.0, 500), wide.leaves(10.1, 10**9)] == [10.0, 10.1]


def test_what_is_sent_over_a_narrow_way_up_arrives_whole() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, far(server.getsockname()[1], 0.01, 10e6) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            there, _ = server.accept()
            client.sendall(bytes(range(256)) * 2000)
        with there, there.makefile("rb") as arriving:
            assert arriving.read() == bytes(range(256)) * 2000
        assert proxy.connections[0].sent == 512_000


@pytest.mark.parametrize(
    ("sent", "goal", "missed"), [(110, 1.1, False), (111, 1.1, True), (800, None, False)]
)
def test_what_crosses_to_a_site_is_judged_by_what_one_host_takes(
    sent: int, goal: float | None, missed: bool
) -> None:
    assert Crossing("a", 8, 1.0, 1.0, sent, 100, goal).missed is missed


@pytest.mark.parametrize(
    ("code", "descriptors", "megabytes", "missed"),
    [(0, 240, 150.0, False), (3, 100, 50.0, True), (0, 241, 150.0, True), (0, 240, 151.0, True)],
    ids=["all fit", "it failed", "too many files open", "too much memory"],
)
def test_many_hosts_fit_when_all_is_small_enough(
    code: int, descriptors: int, megabytes: float, missed: bool
) -> None:
    assert Crowd("a", code, 1.0, 1.0, descriptors, megabytes, "").missed is missed


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("a", (Sample(3.0),), (Sample(2.0),)), ""),
        (Row("a", (Sample(3.0),), (Sample(2.0),), goal=1.5), "met"),
        (Row("a", (Sample(3.0),), (Sample(2.0),), goal=1.4, limit=1.5), "within the limit"),
        (Row("a", (Sample(3.0),), (Sample(2.0),), goal=1.4), "MISSED"),
        (Row("a", (Sample(3.0, megabytes=151),), (Sample(2.0),), goal=1.5, memory_goal=150), "MISSED"),
    ],
)
def test_a_row_is_judged_by_ratio_and_memory(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_the_ratio_is_that_of_neighbours() -> None:
    """A machine that is twice as slow for a while slows a case and its floor alike."""
    row = Row("a", (Sample(1.0), Sample(4.0), Sample(2.0)), (Sample(0.5), Sample(2.0), Sample(1.0)))
    assert row.ratio == 2.0


def test_the_table_says_what_was_missed() -> None:
    row = Row("a", (Sample(3.0), Sample(3.3), Sample(3.0)), (Sample(2.0),) * 3, goal=1.4)
    counted = {"case": "b", "waits": [6, 7], "seconds": 0.8, "goal": 6, "missed": True}
    assert markdown({"rows": [row.document(), counted, {"part": "build"}]}).splitlines()[2:] == [
        "| a | 3.00 ±5 % | 2.00 ±0 % | 1.50 | 1.40, missed |",
        "| b | 0.80 | | 6–7 waits | 6, missed |",
    ]
