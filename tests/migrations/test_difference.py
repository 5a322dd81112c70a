"""What comes, changes and goes between two trees."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from deploytasks.migrations import Difference, Migrations, Reversal, difference
from tests.migrations.trees import source, tree

A = source('migrations.CreateModel("Order", fields=[])')
B = source('migrations.AddField("order", "price", models.IntegerField())', after="shop.0001_a")
C = source('migrations.RemoveField("order", "price")', after="shop.0002_b")
SHOP = {"shop.0001_a": A, "shop.0002_b": B, "shop.0003_c": C}
BLOG = {"blog.0001_a": source(after="shop.0002_b")}
REPLACES = "[('shop', '0001_a'), ('shop', '0002_b')]"
SQUASHED = {"shop.0001_squashed": source(replaces=REPLACES)}


def names(found: Difference) -> dict[str, list[str]]:
    """The keys of each kind; empty ones left out."""
    kinds = {
        "added": [str(each.key) for each in found.added],
        "changed": [f"{each.migration.key} {each.part}" for each in found.changed],
        "removed": [str(each.key) for each in found.removed],
        "reversals": [str(each) for each in found.reversals],
        "doubts": [doubt.kind for doubt in found.doubts],
    }
    return {kind: keys for kind, keys in kinds.items() if keys}


def only(*keys: str) -> dict[str, str]:
    return {key: SHOP[key] for key in keys}


CASES = {
    "nothing where both are alike": (SHOP, SHOP, {}),
    "everything at first, in the order in which it runs": (
        {},
        {**BLOG, **SHOP},
        {"added": ["shop.0001_a", "shop.0002_b", "blog.0001_a", "shop.0003_c"]},
    ),
    "what comes": (only("shop.0001_a"), SHOP, {"added": ["shop.0002_b", "shop.0003_c"]}),
    "what goes, the last app to be reversed first": (
        {**SHOP, **BLOG},
        only("shop.0001_a"),
        {
            "removed": ["shop.0002_b", "blog.0001_a", "shop.0003_c"],
            "reversals": ["manage.py migrate shop 0001_a", "manage.py migrate blog zero"],
        },
    ),
    "a file whose operations changed": (
        SHOP,
        {**SHOP, "shop.0003_c": C.replace("price", "cost")},
        {"changed": ["shop.0003_c effect"]},
    ),
    "a file whose Python changed": (
        {"shop.0001_a": "def f(a, e):\n    e(1)\n" + A},
        {"shop.0001_a": "def f(a, e):\n    e(2)\n" + A},
        {"changed": ["shop.0001_a effect"]},
    ),
    "a file whose dependencies changed": (
        {**SHOP, **BLOG},
        {**SHOP, "blog.0001_a": source(after="shop.0003_c")},
        {"changed": ["blog.0001_a place"]},
    ),
    "a file whose layout changed": (
        SHOP,
        {**SHOP, "shop.0003_c": f'"""Said."""\n# more\n{C}'.replace("    ", "  ")},
        {"changed": ["shop.0003_c layout"]},
    ),
    "nothing where a replacement stands for what ran": (
        only("shop.0001_a", "shop.0002_b"),
        {**only("shop.0001_a", "shop.0002_b"), **SQUASHED},
        {},
    ),
    "nothing where the files that it replaces are gone too": (
        only("shop.0001_a", "shop.0002_b"),
        SQUASHED,
        {},
    ),
    "the rest where a part of a replacement ran": (
        only("shop.0001_a"),
        {**only("shop.0001_a", "shop.0002_b"), **SQUASHED},
        {"added": ["shop.0002_b"]},
    ),
    "the replacement alone where nothing ran": (
        {},
        {**only("shop.0001_a", "shop.0002_b"), **SQUASHED},
        {"added": ["shop.0001_squashed"]},
    ),
    "nothing unknown to an older tree that has the parts of a replacement": (
        SQUASHED,
        only("shop.0001_a", "shop.0002_b"),
        {},
    ),
    "a replacement of which an older tree has one part": (
        SQUASHED,
        only("shop.0001_a"),
        {"removed": ["shop.0001_squashed"], "reversals": ["manage.py migrate shop 0001_a"]},
    ),
    "a replacement that is one no more": (
        SQUASHED,
        {"shop.0001_squashed": source()},
        {"changed": ["shop.0001_squashed place"]},
    ),
    "two last migrations": (
        only("shop.0001_a"),
        {**only("shop.0001_a", "shop.0002_b"), "shop.0002_x": source(after="shop.0001_a")},
        {"added": ["shop.0002_b", "shop.0002_x"], "doubts": ["conflict"]},
    ),
    "a dependency that is not there": (
        {},
        only("shop.0003_c"),
        {"added": ["shop.0003_c"], "doubts": ["missing dependency"]},
    ),
    "one that is named on a condition may not be wanted": (
        {},
        {**only("shop.0001_a"), "blog.0001_a": source(dependencies="[('shop', '0009_z'), *made()]")},
        {"added": ["blog.0001_a", "shop.0001_a"], "doubts": ["dynamic"]},
    ),
    "a dependency of another package is taken to be there": (
        {},
        {"shop.0001_a": source(after="auth.0012_x")},
        {"added": ["shop.0001_a"]},
    ),
    "a circle": (
        {},
        {"shop.0001_a": source(after="shop.0002_b"), "shop.0002_b": B},
        {"added": ["shop.0002_b", "shop.0001_a"], "doubts": ["cycle"]},
    ),
    "a file that cannot be read": (
        SHOP,
        {**SHOP, "shop.0004_d": "("},
        {"added": ["shop.0004_d"], "doubts": ["syntax"]},
    ),
    "no doubt that was there before": (
        {**SHOP, "shop.0004_d": "("},
        {**SHOP, "shop.0004_d": "(", "blog.0001_a": source()},
        {"added": ["blog.0001_a"]},
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_the_difference_of_two_trees(
    old: dict[str, str], new: dict[str, str], expected: dict[str, list[str]]
) -> None:
    assert names(difference(tree(old), tree(new))) == expected


def test_what_cannot_be_reversed_is_no_way_back() -> None:
    new = {**SHOP, "shop.0004_d": source("migrations.RunPython(f)", after="shop.0003_c")}
    assert difference(tree(new), tree(SHOP)).reversals == (Reversal("shop", "0003_c", possible=False),)


def test_a_difference_is_told_by_app() -> None:
    found = difference(tree({"old.0001_a": source()}), tree({**SHOP, **BLOG}))
    assert {app: names(each) for app, each in found.apps().items()} == {
        "blog": {"added": ["blog.0001_a"]},
        "old": {"removed": ["old.0001_a"], "reversals": ["manage.py migrate old zero"]},
        "shop": {"added": ["shop.0001_a", "shop.0002_b", "shop.0003_c"]},
    }


def test_a_difference_is_json() -> None:
    new = {**only("shop.0001_a"), "shop.0003_c": C.replace("price", "cost")}
    document = json.loads(json.dumps(asdict(difference(tree(only("shop.0001_a")), tree(new)))))
    (added,) = document["added"]
    assert (added["key"], added["path"]) == ({"app": "shop", "name": "0003_c"}, "shop/migrations/0003_c.py")
    assert added["effects"] == [
        {
            "summary": "removes a column",
            "operation": "RemoveField",
            "subject": "order.cost",
            "flags": ["loses data"],
            "state_only": False,
            "fields": [],
        }
    ]
    assert [doubt["kind"] for doubt in document["doubts"]] == ["missing dependency"]


def test_two_trees_without_migrations_do_not_differ() -> None:
    assert difference(Migrations(), Migrations()) == Difference()
