"""A manifest is the same read from its text, and is asked for one path without being taken apart."""

from __future__ import annotations

import pytest

from deploytasks.source import Entry, Manifest
from deploytasks.source.manifest import EXECUTABLE, LINK, PLAIN

ENTRIES = {
    "a b": Entry(PLAIN, 1, "1" * 40),
    "my run": Entry(PLAIN, 2, "2" * 40),
    "new\nline": Entry(LINK, 3, "3" * 40),
    "run": Entry(EXECUTABLE, 4, "4" * 40),
    "run it": Entry(PLAIN, 5, "5" * 40),
    "sub/run": Entry(PLAIN, 6, "6" * 40),
    "\udcff": Entry(PLAIN, 7, "7" * 64),
}


def test_what_is_read_from_the_text_of_a_manifest_is_that_manifest() -> None:
    made = Manifest(ENTRIES)
    again = Manifest(data=made.data)
    assert (dict(again.items()), again.entries, again.digest) == (ENTRIES, ENTRIES, made.digest)
    assert (list(again), len(again), again.size) == (sorted(ENTRIES), 7, 28)


@pytest.mark.parametrize("path", [*ENTRIES, "b", "nowhere", "", "sub", "a"])
def test_the_mode_of_a_path(path: str) -> None:
    expected = ENTRIES[path].mode if path in ENTRIES else None
    assert Manifest(data=Manifest(ENTRIES).data).mode(path) == expected


def test_an_empty_manifest_holds_nothing() -> None:
    empty = Manifest(data=Manifest({}).data)
    assert (len(empty), dict(empty.items()), empty.entries, empty.size, empty.mode("run")) == (
        0,
        {},
        {},
        0,
        None,
    )
