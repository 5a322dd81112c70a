"""What people read before they say yes."""

from __future__ import annotations

import sys

import pytest

from deploytasks.migrations import Migrations, difference, lines
from deploytasks.migrations.lines import Occasion
from tests.migrations.trees import source, tree

VERSION = "{}.{}".format(*sys.version_info)
A = source('migrations.CreateModel("Order", fields=[])')
B = source(
    'migrations.RemoveField("order", "price"), migrations.RemoveField("order", "note"), migrations.RunPython(fill),'
    'migrations.AddField("order", "cost", models.IntegerField()), migrations.AddIndex("order", I),'
    'migrations.AddIndex("order", J)',
    after="shop.0001_a",
)
C = source(after="shop.0002_b")
OLD = {"shop.0001_a": A}
NEW = {"shop.0001_a": A, "shop.0002_b": B, "shop.0003_c": C}


def of(old: dict[str, str], new: dict[str, str], occasion: Occasion = "plan") -> list[str]:
    return list(lines(difference(tree(old), tree(new)), occasion))


def test_a_column_that_goes_reads_as_one_expects() -> None:
    new = {
        **OLD,
        "shop.0003_remove_price": source('migrations.RemoveField("order", "price")', after="shop.0001_a"),
    }
    assert of(OLD, new) == ["shop.0003_remove_price: removes a column (RemoveField order.price); loses data"]


def test_a_plan_tells_every_migration_and_each_kind_of_effect_once() -> None:
    assert of(OLD, NEW) == [
        "shop.0002_b: removes 2 columns (RemoveField order.price, order.note); loses data",
        "shop.0002_b: runs Python (RunPython fill); cannot be reversed",
        "shop.0002_b: adds a column (AddField order.cost), adds 2 indexes (AddIndex order)",
        "shop.0003_c: does nothing",
    ]


def test_a_confirmation_tells_what_cannot_be_had_back_and_names_the_rest() -> None:
    new = {**NEW, "blog.0001_a": source('migrations.CreateModel("Post", fields=[])')}
    assert of(OLD, new, "confirmation") == [
        "shop.0002_b: removes 2 columns (RemoveField order.price, order.note); loses data",
        "shop.0002_b: runs Python (RunPython fill); cannot be reversed",
        "2 that lose nothing: blog.0001_a, shop.0003_c",
    ]


def test_a_rollback_tells_what_its_target_does_not_know_and_how_to_reverse_it_before() -> None:
    safe = {"blog.0001_a": source(), "blog.0002_b": source(after="blog.0001_a")}
    old = {**NEW, **safe}
    new = {**OLD, "blog.0001_a": safe["blog.0001_a"]}
    assert of(old, new, "rollback") == [
        "unknown to the target, stays: blog.0002_b: does nothing",
        (
            "unknown to the target, stays: shop.0002_b: removes 2 columns (RemoveField order.price, order.note); "
            "loses data"
        ),
        "unknown to the target, stays: shop.0002_b: runs Python (RunPython fill); cannot be reversed",
        (
            "unknown to the target, stays: shop.0002_b: adds a column (AddField order.cost), "
            "adds 2 indexes (AddIndex order)"
        ),
        "unknown to the target, stays: shop.0003_c: does nothing",
        "to have shop as the target knows it: it cannot be reversed",
        "to have blog as the target knows it: run manage.py migrate blog 0001_a before",
    ]


def test_what_changed_after_it_ran_and_what_is_gone_have_a_line_in_words() -> None:
    new = {
        "shop.0001_a": A.replace("Order", "Sale"),
        "shop.0002_b": B.replace("0001_a')", "0001_a'), ('auth', '0001_initial')"),
    }
    assert of(NEW, new) == [
        "shop.0003_c: ran, and is not in what comes; what it did stays",
        (
            "shop.0001_a: was changed after it ran: what it did stays, and the change never runs; "
            "make it a migration of its own"
        ),
        "shop.0002_b: was changed after it ran, but only in what it depends on or replaces",
    ]


def test_a_change_of_layout_has_no_line() -> None:
    assert of(NEW, {**NEW, "shop.0003_c": f"# why\n{C}"}) == []


def test_findings_have_their_lines() -> None:
    new = {**OLD, "shop.0002_b": "(", "blog.0001_a": source(after="shop.0009_z")}
    assert of(OLD, new) == [
        "blog.0001_a: does nothing",
        "shop.0002_b: cannot be read; effect not known",
        (
            "blog/migrations/0001_a.py: it names shop.0009_z, which is not there; "
            "manage.py migrate will refuse: add it"
        ),
        (
            f"shop/migrations/0002_b.py:1: it is not Python {VERSION} ('(' was never closed); "
            "mend it: manage.py does not start with it"
        ),
    ]


def test_many_harmless_migrations_of_a_plan_are_named_together() -> None:
    many = {f"shop.{number:04}_m": source(after=f"shop.{number - 1:04}_m") for number in range(3, 33)}
    many["shop.0003_m"] = source(after="shop.0002_b")
    flagged = {**OLD, "shop.0002_b": B}
    shown = of(OLD, {**flagged, **many})
    assert len(shown) == 4
    assert shown[-1].startswith("30 that lose nothing: shop.0003_m, shop.0004_m, ")
    assert shown[-1].endswith(", shop.0022_m, and 10 more")


@pytest.mark.parametrize("occasion", ["plan", "confirmation", "rollback"])
def test_nothing_has_no_lines(occasion: Occasion) -> None:
    assert lines(difference(Migrations(), Migrations()), occasion) == ()


def test_a_line_moves_no_cursor() -> None:
    text = source('migrations.RemoveField("order\\x1b[2J", "a\\nb"), tools.Op\u0627()')
    assert of({}, {"shop.0001_\x1b[2J": text}) == [
        "shop.0001_\\x1b[2J: removes a column (RemoveField 'order\\x1b[2J'.'a\\nb'); loses data",
        "shop.0001_\\x1b[2J: runs an operation that Django does not have (Op\u0627); effect not known",
    ]
