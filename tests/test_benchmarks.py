"""The measuring itself: what a far host's proxy counts, and what a row makes of its samples."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.measuring import Row, Sample
from benchmarks.proxy import Connection, far
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
