"""An AlterField has its flag unless it is certain that nothing is lost, and says what changes."""

from __future__ import annotations

import pytest

from deploytasks.migrations import Migrations, difference, lines
from tests.migrations.trees import source, tree

HARMLESS = {
    "what only Django knows": (
        "CharField(max_length=9, verbose_name='a', choices=A, default=b)",
        "CharField(max_length=9, help_text=_('c'), validators=[d], blank=True)",
        "changes no column",
    ),
    "a longer text": ("CharField(max_length=9)", "CharField(max_length=10)", "changes a column without loss"),
    "a text of any length": ("CharField(max_length=9)", "TextField()", "changes a column without loss"),
    "a text as long as its kind has it": (
        "CharField(max_length=200)",
        "URLField()",
        "changes a column without loss",
    ),
    "an empty value": ("TextField()", "TextField(null=True)", "changes a column without loss"),
    "an index": ("TextField()", "TextField(db_index=True, unique=True)", "changes a column without loss"),
    "a larger number": (
        "AutoField(primary_key=True)",
        "BigAutoField(primary_key=True)",
        "changes a column without loss",
    ),
    "the spelling of a model": (
        "ForeignKey(to='shop.Order', on_delete=models.CASCADE)",
        "ForeignKey(to='shop.order', on_delete=models.PROTECT)",
        "changes no column",
    ),
    "a setting of the project": (
        "ForeignKey(to=settings.AUTH_USER_MODEL)",
        "ForeignKey(to=settings.AUTH_USER_MODEL, related_name='+')",
        "changes no column",
    ),
}
FLAGGED = {
    "a shorter text": ("CharField(max_length=10)", "CharField(max_length=9)", ": max_length 10 → 9"),
    "a kind that holds less": (
        "TextField()",
        "CharField(max_length=9)",
        ": kind TextField → CharField and max_length not set → 9",
    ),
    "a kind as long as less": ("CharField(max_length=201)", "URLField()", ": max_length 201 → 200"),
    "a smaller number": ("BigIntegerField()", "IntegerField()", ": kind BigIntegerField → IntegerField"),
    "no empty value": ("TextField(null=True)", "TextField()", ": null True → not set"),
    "a length that a name holds": (
        "CharField(max_length=N)",
        "CharField(max_length=N)",
        ": max_length ? → ?",
    ),
    "another model": ("ForeignKey(to='a.B')", "ForeignKey(to='a.C')", ": to 'a.b' → 'a.c'"),
    "a kind of one's own of the same name": (
        "CharField()",
        "tools.CharField()",
        ": kind CharField → tools.models.CharField",
    ),
    "settings that are given unseen": ("CharField(max_length=9)", "CharField(**more)", ""),
}


def altered(before: str, after: str, between: str = "") -> str:
    """The line of an AlterField from one definition to another, with what came between."""
    fields = [f"models.{each}".replace("models.tools.", "tools.models.") for each in (before, after)]
    files = {
        "shop.0001_a": source(f'migrations.CreateModel("Order", fields=[("note", {fields[0]})]), {between}'),
        "shop.0002_b": source(f'migrations.AlterField("order", "note", {fields[1]})', after="shop.0001_a"),
    }
    old = {"shop.0001_a": files["shop.0001_a"]}
    (line,) = lines(difference(tree(old), tree(files)), "plan")
    return line.removeprefix("shop.0002_b: ")


@pytest.mark.parametrize(("before", "after", "summary"), HARMLESS.values(), ids=HARMLESS)
def test_what_loses_nothing_has_no_flag(before: str, after: str, summary: str) -> None:
    assert altered(before, after) == f"{summary} (AlterField order.note)"


@pytest.mark.parametrize(("before", "after", "changes"), FLAGGED.values(), ids=FLAGGED)
def test_what_may_lose_data_says_why(before: str, after: str, changes: str) -> None:
    assert altered(before, after) == f"changes a column (AlterField order.note{changes}); may lose data"


@pytest.mark.parametrize(
    "between",
    [
        'migrations.RemoveField("order", "note")',
        'migrations.DeleteModel("Order")',
        'migrations.RenameField("order", "note", "text")',
        'migrations.RenameModel("Order", "Sale")',
        'tools.Change("order", "note")',
        'migrations.AlterField("order", "note", made())',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("order", "note")])',
        'migrations.RunSQL("", "", state_operations=[migrations.RemoveField("order", "note")])',
    ],
)
def test_a_column_that_is_not_known_for_certain_keeps_the_flag(between: str) -> None:
    text = "TextField()"
    assert altered(text, text) == "changes no column (AlterField order.note)"
    assert altered(text, text, between) == "changes a column (AlterField order.note); may lose data"


def test_a_column_is_followed_through_its_names() -> None:
    made = 'migrations.CreateModel("Sale", fields=[("text", models.TextField())])'
    renamed = 'migrations.RenameModel("Sale", "Order"), migrations.RenameField("order", "text", "note")'
    added = 'migrations.AddField("order", "more", models.CharField(max_length=9))'
    narrowed = (
        'migrations.AlterField("order", "note", models.TextField(blank=True)),'
        'migrations.AlterField("order", "more", models.CharField(max_length=5)),'
        'migrations.AlterField("order", "more", models.CharField(max_length=7))'
    )
    new = {"shop.0001_a": source(", ".join([made, renamed, added, narrowed]))}
    assert list(lines(difference(Migrations(), tree(new)), "plan")) == [
        "shop.0001_a: changes a column (AlterField order.more: max_length 9 → 5); may lose data",
        (
            "shop.0001_a: creates a table (CreateModel Sale), renames a table (RenameModel Sale to Order), "
            "renames a column (RenameField order.text to note), adds a column (AddField order.more), "
            "changes no column (AlterField order.note), changes a column without loss (AlterField order.more)"
        ),
    ]


def test_apps_have_columns_of_their_own() -> None:
    files = {
        "blog.0001_a": source('migrations.CreateModel("Order", fields=[("note", models.TextField())])'),
        "shop.0001_a": source(
            'migrations.AlterField("order", "note", models.TextField())', after="blog.0001_a"
        ),
    }
    assert lines(difference(Migrations(), tree(files)), "plan")[1] == (
        "shop.0001_a: changes a column (AlterField order.note); may lose data"
    )


def test_an_alter_field_of_the_state_alone_stays_one() -> None:
    altered = 'migrations.AlterField("order", "note", models.TextField())'
    made = 'migrations.CreateModel("Order", fields=[("note", models.CharField(max_length=9))])'
    text = source(f"{made}, migrations.SeparateDatabaseAndState(state_operations=[{altered}])")
    assert list(lines(difference(Migrations(), tree({"shop.0001_a": text})), "plan")) == [
        (
            "shop.0001_a: creates a table (CreateModel Order), "
            "changes only what Django knows (AlterField order.note)"
        )
    ]
