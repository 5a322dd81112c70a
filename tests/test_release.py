"""Release ids: their order, what is pruned, where a rollback goes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from deploytasks.recipe.release import Release, is_release_id, next_id, rollback_target, to_prune

NOW = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=timezone.utc)
REVISION = "0123456789abcdef0123456789abcdef01234567"


def good(*ids: str) -> list[Release]:
    return [Release(name, good=True) for name in ids]


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        pytest.param([], "20261123120000-0123456", id="the first is now"),
        pytest.param(["20261123115959-aaaaaaa"], "20261123120000-0123456", id="an older one does not matter"),
        pytest.param(
            ["20261123120000-fffffff"], "20261123120001-0123456", id="the same second goes one further"
        ),
        pytest.param(
            ["20991231235959-aaaaaaa"],
            "21000101000000-0123456",
            id="a host whose clock is ahead cannot break the order",
        ),
        pytest.param(["notes", "30000101000000"], "20261123120000-0123456", id="foreign names do not count"),
    ],
)
def test_the_next_id_is_later_than_every_id_on_any_host(existing: list[str], expected: str) -> None:
    assert next_id(REVISION, NOW, existing) == expected


def test_ids_are_utc_whatever_the_clock_says() -> None:
    east = timezone(timedelta(hours=9))
    assert next_id(REVISION, NOW.astimezone(east), []) == "20261123120000-0123456"


def test_a_directory_of_a_year_that_never_comes_is_no_release_to_come_after() -> None:
    foreign = ["99991231235959-abcdef0", "20269999999999-abcdef0"]
    assert next_id(REVISION, NOW, foreign) == "20261123120000-0123456"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20261123120000-0123456", True),
        ("20261123120000-012345", False),
        ("20261123120000-0123456.tmp", False),
        ("x", False),
        ("20261399999999-0123456", False),
        ("99991231235959-0123456", False),
    ],
)
def test_foreign_names_are_no_release_ids(name: str, expected: bool) -> None:
    assert is_release_id(name) is expected


@pytest.mark.parametrize(
    ("releases", "current", "keep", "expected"),
    [
        pytest.param(good("1", "2", "3"), "3", 5, (), id="fewer than keep: nothing goes"),
        pytest.param(good("1", "2", "3"), "3", 2, ("1",), id="the oldest good goes"),
        pytest.param(
            good("1", "2", "3"), "1", 1, ("2", "3"), id="current is never pruned, though it is the oldest"
        ),
        pytest.param(
            [*good("1", "2"), Release("3"), *good("4")],
            "4",
            3,
            ("3",),
            id="a failed one goes and is not counted",
        ),
        pytest.param(
            [*good("1"), Release("2", good=True, bad=True), *good("3")],
            "3",
            2,
            ("2",),
            id="a bad one is not counted",
        ),
        pytest.param([Release("1", bad=True)], "1", 5, (), id="current stays though it is bad"),
        pytest.param(good("1", "2"), None, 1, ("1",), id="without a current the newest good stays"),
    ],
)
def test_prune_keeps_the_newest_good_releases_and_current(
    releases: list[Release], current: str | None, keep: int, expected: tuple[str, ...]
) -> None:
    assert to_prune(releases, current, keep) == expected


@pytest.mark.parametrize(
    ("releases", "current", "expected"),
    [
        pytest.param(good("1", "2", "3"), "3", "2", id="the previous good one"),
        pytest.param(good("1", "2", "3"), "2", "1", id="never a newer one"),
        pytest.param([*good("1"), Release("2"), *good("3")], "3", "1", id="a failed one is passed over"),
        pytest.param(
            [*good("1"), Release("2", good=True, bad=True), *good("3")],
            "3",
            "1",
            id="a bad one is passed over",
        ),
        pytest.param(good("1"), "1", None, id="nothing before the first"),
        pytest.param(good("1", "2"), "9", "2", id="current dangles: the newest good one"),
        pytest.param([*good("1"), Release("2")], None, "1", id="no current: the newest good one"),
    ],
)
def test_rollback_goes_to_the_previous_good_release(
    releases: list[Release], current: str | None, expected: str | None
) -> None:
    assert rollback_target(releases, current) == expected
