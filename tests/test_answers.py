"""What hosts answer becomes values; an answer of another shape is one clear error, and no bug of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from deploytasks.operation import Result
from deploytasks.recipe.answers import (
    Acquired,
    History,
    Inventory,
    KnownRelease,
    LockHolder,
    Marks,
    Pin,
    Provenance,
    answer,
    found,
)
from deploytasks.recipe.facts import HostFacts, ToolFacts
from deploytasks.recipe.release import Release
from deploytasks.recipe.served import Files, ServedSettings, Service, Services

ID = "20260101000000-abcdef0"
INVENTORY = {
    "current": ID,
    "dangling": False,
    "releases": [{"id": ID, "revision": None, "verified": True}, {"id": "by-hand", "revision": None}],
    "basis": "",
    "vendored": {"vendor/lib": "c0ffee"},
}


def test_an_inventory_knows_what_is_served_and_which_releases_are_ours() -> None:
    made = Inventory.of(INVENTORY)
    assert made.releases == (KnownRelease(verified=True, id=ID), KnownRelease(id="by-hand"))
    assert (made.served, made.ours) == (ID, [Release(ID, good=True)])
    assert dataclasses.replace(made, dangling=True).served is None
    assert made.with_good("20260101000001-abcdef0").ours[-1].good


def test_a_provenance_has_what_its_release_tells_and_passes_the_rest_over() -> None:
    said = {
        "release": ID,
        "free_bytes": 7,
        "vendored": [{"path": "a", "commit": "b", "url": "c"}],
        "odd": [1],
    }
    assert Provenance.of({**said, "dirty": None, "marks": {"bad": True, "more": 1}}) == Provenance(
        ID, 7, vendored=(Pin("a", "b"),), marks=Marks(bad=True)
    )


def test_a_lock_has_a_holder_or_none() -> None:
    said = {"token": "t", "kind": "run", "alive": True, "user": "me"}
    assert LockHolder.of(None) is None
    assert LockHolder.of(said) == LockHolder("t", "run", alive=True, said=said)
    assert LockHolder.of({"token": 3, "condemned": "x"}) == LockHolder(
        "3", condemned=True, said={"token": 3, "condemned": "x"}
    )
    assert Acquired.of({"acquired": False, "holder": said}) == Acquired(False, LockHolder.of(said))


def test_lines_of_a_history_that_are_no_objects_are_passed_over() -> None:
    past = History.of([1, {"run": "x", "of": "y"}])
    assert (past.last_run, past.tells_end_of("y"), past.tells_end_of("x")) == ("x", True, False)


def test_answers_are_found_by_their_type() -> None:
    value = Services({"db": Service(75, "not yet", "slow")})
    results = [Result(True, value=Provenance(None, 1)), Result(False, 75, value=value)]
    assert answer(Services, results).warnings == ("slow",)
    assert found(Inventory, results) is None


@pytest.mark.parametrize("wrong", [None, 3, "text", [], {}, [[]], {"release": 3}, {"current": []}], ids=repr)
@pytest.mark.parametrize(
    "of",
    [Inventory.of, Provenance.of, Acquired.of, HostFacts.of, ToolFacts.of, ServedSettings.of, Files.of],
    ids=lambda of: of.__self__.__name__,
)
def test_another_shape_is_an_error_that_a_conversation_explains(of: Callable[[Any], Any], wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        of(wrong)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"current": 3}, "current: a number instead of str"),
        ({"dangling": "no"}, "dangling: a text instead of bool"),
        ({"releases": [{"revision": None}]}, "id: is missing"),
        ({"vendored": {"a": None}}, "vendored.a: nothing instead of str"),
        ({"releases": {}}, "releases: an object instead of tuple"),
    ],
    ids=str,
)
def test_the_error_names_what_is_wrong_and_shows_no_value(change: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Inventory.of({**INVENTORY, **change})
