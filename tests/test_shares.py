"""A large tree is divided into two uploads of about the same cost, by directories that rsync's rules can name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from deploytasks.source.halves import half
from deploytasks.upload.share import Share, shares

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Bytes:
    """Something of a size."""

    size: int


@pytest.mark.parametrize(
    ("megabytes", "expected"),
    [
        ({"vendor/a/x": 50, "vendor/b/x": 30, "vendor/c/x": 20}, ("vendor/a",)),
        ({"vendor/a/x": 30, "app/b/c/d/x": 40, "app/e/x": 30, "y": 50}, ("app/b", "app/e")),
        ({"vendor/a/x": 90, "vendor/b/x": 10}, ()),
        ({"vendor/a/x": 90, "vendor/b/x": 40}, ("vendor/b",)),
        ({"vendor/a/x": 20, "vendor/b/x": 20}, ()),
        ({"vendor/x": 50, "y": 50}, ()),
        ({"vendor/[a]/x": 40, "vendor/b c/x": 40, "vendor/*/x": 40}, ()),
        ({}, ()),
    ],
    ids=[
        "the half of it",
        "several, of several places",
        "too little besides one",
        "what is left besides one",
        "a small tree",
        "nothing on the second level",
        "names that would be patterns",
        "nothing at all",
    ],
)
def test_directories_of_about_half_the_cost_are_found(
    megabytes: dict[str, int], expected: tuple[str, ...]
) -> None:
    assert half((path, Bytes(size * MEGABYTE)) for path, size in megabytes.items()) == expected


def test_many_small_files_cost_too() -> None:
    assert half((f"vendor/{place}/{number}", Bytes(0)) for place in "ab" for number in range(4000)) == (
        "vendor/a",
    )


def test_without_a_division_there_is_one_share_without_rules() -> None:
    assert [share.rules() for share in shares(())] == [[]]


def test_the_rules_of_two_shares() -> None:
    assert shares(["vendor/a", "app/b"]) == (
        Share(("vendor/a", "app/b"), inside=True),
        Share(("vendor/a", "app/b"), inside=False),
    )
    inside, rest = (share.rules() for share in shares(["vendor/a", "app/b"]))
    assert inside == ["+ /app/", "+ /vendor/", "+ /vendor/a/***", "+ /app/b/***", "- *"]
    assert rest == ["- /vendor/a/", "- /app/b/"]
