"""A recipe is edited by value; what the others stand on cannot be left out."""

from __future__ import annotations

import pytest

from deploytasks.errors import UsageError
from deploytasks.recipe.default import DEFAULT
from deploytasks.recipe.recipe import step

NAMES = (
    "vendor",
    "check",
    "build",
    "lock",
    "prepare",
    "upload",
    "link_shared",
    "install",
    "wait_for_services",
    "postinstall",
    "backup",
    "migrate",
    "start",
    "publish",
    "restart",
    "verify",
    "stop",
    "prune",
)
WARM = step("warm_cache", "python manage.py warm_cache")


def test_the_default_recipe_has_the_documented_steps_in_order() -> None:
    assert DEFAULT.names == NAMES


def test_steps_are_inserted_replaced_and_removed_without_changing_the_original() -> None:
    edited = DEFAULT.before("publish", WARM).without("migrate").replace("restart", step("mine", "true"))
    assert edited.names == tuple(
        name
        for old in NAMES
        for name in (("warm_cache", "publish") if old == "publish" else (old,))
        if name != "migrate"
    )
    assert DEFAULT.names == NAMES


def test_a_replaced_step_means_to_the_others_what_the_old_one_did() -> None:
    recipe = DEFAULT.replace("publish", step("mine", "true")).replace("migrate", step("mine", "true"))
    assert [one.name for one in recipe if one.switches or one.changes_schema] == ["migrate", "publish"]
    with pytest.raises(UsageError, match="step 'publish': cannot be left out"):
        recipe.without("publish")


def test_the_bar_stands_before_publish() -> None:
    recipe = DEFAULT.before("publish", WARM)
    assert [one.name for one in recipe.left_of_bar()][-1] == "warm_cache"
    assert [one.name for one in recipe.right_of_bar()] == ["publish", "restart", "verify", "stop", "prune"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(
            lambda: DEFAULT.without("nosuch"), "step 'nosuch': not in the recipe", id="unknown step"
        ),
        pytest.param(lambda: DEFAULT.without("lock"), "step 'lock': cannot be left out", id="essential step"),
        pytest.param(
            lambda: DEFAULT.after("verify", WARM).before("publish", WARM), "stands twice", id="one name twice"
        ),
        pytest.param(
            lambda: DEFAULT.before("check", WARM), "before the hosts are locked", id="before the lock"
        ),
        pytest.param(
            lambda: DEFAULT.before("publish", step("here", "true", scope="local")),
            "or on none",
            id="on no host",
        ),
    ],
)
def test_a_wrong_edit_is_refused_with_its_name(edit: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        edit()  # type: ignore[operator]
