"""A reader that does not read: it is waited for once, and nothing hangs on it."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from deploytasks.output.stream import Stream


def test_a_reader_that_stops_reading_is_given_up_and_taken_again_when_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        stream = Stream("stdout")
        stream._patience = 0.2
        assert not stream.write("x" * 1_000_000)
        assert not stream.write("not waited for")
        threading.Thread(target=lambda: [os.read(reader, 65536) for _ in range(17)], daemon=True).start()
        while not stream.write("read again"):
            pass
    os.close(reader)
