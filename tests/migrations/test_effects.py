"""What each operation is said to do, and what is flagged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytasks.migrations import Effect
from tests.migrations.trees import HEAD, read, source

DATA = ("loses data",)
PERHAPS = ("may lose data",)
FINAL = ("cannot be reversed",)
UNKNOWN = ("effect not known",)
STATE = "changes only what Django knows"
NOT_OF_DJANGO = "runs an operation that Django does not have"
UNREAD = Effect("does what cannot be read", flags=UNKNOWN)

OPERATIONS = {
    "a column that goes": (
        'migrations.RemoveField(model_name="order", name="price")',
        [Effect("removes a column", "RemoveField", "order.price", DATA)],
    ),
    "positions instead of names": (
        'migrations.RemoveField("order", "price")',
        [Effect("removes a column", "RemoveField", "order.price", DATA)],
    ),
    "a table that goes": (
        'migrations.DeleteModel(name="Order")',
        [Effect("deletes a table", "DeleteModel", "Order", DATA)],
    ),
    "a column that changes": (
        'migrations.AlterField("order", "price", models.IntegerField())',
        [Effect("changes a column", "AlterField", "order.price", PERHAPS)],
    ),
    "what loses nothing": (
        (
            'migrations.AddField("order", "note", models.TextField()), migrations.RenameModel("Order", "Sale"),'
            'migrations.RenameField("sale", "note", "text"), migrations.AddIndex("sale", models.Index(fields=["a"]))'
        ),
        [
            Effect("adds a column", "AddField", "order.note"),
            Effect("renames a table", "RenameModel", "Order to Sale"),
            Effect("renames a column", "RenameField", "sale.note to text"),
            Effect("adds an index", "AddIndex", "sale"),
        ],
    ),
    "Python without a way back": (
        "migrations.RunPython(fill)",
        [Effect("runs Python", "RunPython", "fill", FINAL)],
    ),
    "Python whose way back is None": (
        "migrations.RunPython(tools.fill, reverse_code=None)",
        [Effect("runs Python", "RunPython", "tools.fill", FINAL)],
    ),
    "Python with a way back": (
        "migrations.RunPython(fill, empty), migrations.RunPython(code=fill, reverse_code=empty)",
        [Effect("runs Python", "RunPython", "fill")] * 2,
    ),
    "a noop as the way back": (
        "migrations.RunPython(fill, migrations.RunPython.noop)",
        [Effect("runs Python", "RunPython", "fill")],
    ),
    "a noop both ways": (
        "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)",
        [Effect("runs nothing", "RunPython")],
    ),
    "Python that is given more than can be seen": (
        "migrations.RunPython(fill, **more)",
        [Effect("runs Python", "RunPython", "fill", UNKNOWN)],
    ),
    "SQL without a way back": (
        'migrations.RunSQL("CREATE VIEW v AS SELECT 1")',
        [Effect("runs SQL", "RunSQL", "", FINAL)],
    ),
    "SQL that drops a table, split over lines": (
        'migrations.RunSQL("create table t();\\n drop\\n table s", reverse_sql=migrations.RunSQL.noop)',
        [Effect("runs SQL", "RunSQL", "DROP TABLE", DATA)],
    ),
    "SQL in a list with parameters": (
        'migrations.RunSQL(["SELECT 1", ("DELETE FROM t WHERE id = %s", [1])])',
        [Effect("runs SQL", "RunSQL", "DELETE FROM", (*DATA, *FINAL))],
    ),
    "SQL that is none": (
        'migrations.RunSQL("", ""), migrations.RunSQL(migrations.RunSQL.noop, migrations.RunSQL.noop)',
        [Effect("runs nothing", "RunSQL")] * 2,
    ),
    "what changes the state alone loses nothing": (
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("order", "price")])',
        [Effect(STATE, "RemoveField", "order.price", (), state_only=True)],
    ),
    "what the database does loses data, nested too": (
        (
            "migrations.SeparateDatabaseAndState([migrations.SeparateDatabaseAndState(database_operations=["
            'migrations.DeleteModel("Order")])], [migrations.RunSQL("SELECT 1")])'
        ),
        [
            Effect("deletes a table", "DeleteModel", "Order", DATA),
            Effect(STATE, "RunSQL", "", (), state_only=True),
        ],
    ),
    "a state that changes the state of a nested one": (
        (
            "migrations.SeparateDatabaseAndState(state_operations=[migrations.SeparateDatabaseAndState(["
            'migrations.DeleteModel("Order")])])'
        ),
        [Effect(STATE, "DeleteModel", "Order", (), state_only=True)],
    ),
    "a state and a database that are given unseen": (
        "migrations.SeparateDatabaseAndState(**more), migrations.SeparateDatabaseAndState(*more)",
        [UNREAD] * 2,
    ),
    "SQL with what it changes in the state": (
        'migrations.RunSQL("SELECT 1", "", [migrations.RemoveField("order", "price")])',
        [Effect("runs SQL", "RunSQL"), Effect(STATE, "RemoveField", "order.price", (), state_only=True)],
    ),
    "an operation of somebody's own": (
        "tools.MoveRows('a', 'b')",
        [Effect("runs an operation that Django does not have", "MoveRows", "", UNKNOWN)],
    ),
    "either of two, so both": (
        'migrations.RunPython(fill) if postgres else migrations.DeleteModel("Order")',
        [
            Effect("runs Python", "RunPython", "fill", FINAL),
            Effect("deletes a table", "DeleteModel", "Order", DATA),
        ],
    ),
    "one for each of a list that is not known": (
        'migrations.RemoveField("order", name) for name in NAMES',
        [Effect("removes a column", "RemoveField", "order.?", DATA)],
    ),
    "what another function makes": (
        'migrations.AddField("order", "note", models.TextField()), *made()',
        [Effect("adds a column", "AddField", "order.note"), Effect(NOT_OF_DJANGO, "made", "", UNKNOWN)],
    ),
    "what has no name at all": ("ALL[0]", [UNREAD]),
}


@pytest.mark.parametrize(("operations", "expected"), OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_is_told_from_its_call(operations: str, expected: list[Effect]) -> None:
    assert [replace(effect, fields=()) for effect in read(source(operations)).effects] == expected


BODIES = {
    "names that the module gives to operations and texts": (
        'MODEL = "order"\ndrop = migrations.RemoveField(MODEL, "pri" + "ce")\nALL = [drop]\n',
        "    operations = ALL + [*ALL]\n",
        [Effect("removes a column", "RemoveField", "order.price", DATA)] * 2,
    ),
    "another name for an operation": (
        "from django.db.migrations import RemoveField as Drop\n",
        '    operations = [Drop("order", "price")]\n',
        [Effect("removes a column", "RemoveField", "order.price", DATA)],
    ),
    "operations that depend on the database": (
        "from django.db import connection\n",
        (
            "    operations = []\n"
            "    if connection.vendor == 'mysql':\n"
            '        operations.append(migrations.RunSQL("DROP TABLE t", ""))\n'
            "    else:\n"
            '        operations += [migrations.DeleteModel("Order")]\n'
        ),
        [
            Effect("runs SQL", "RunSQL", "DROP TABLE", DATA),
            Effect("deletes a table", "DeleteModel", "Order", DATA),
        ],
    ),
    "none": ("", "    pass\n", []),
    "those of a class that is elsewhere": ("", "    pass\n", [UNREAD]),
    "operations that a method sets": (
        "",
        "    def __init__(self, *a):\n        self.operations = []\n",
        [UNREAD],
    ),
    "operations that are cut": (
        "",
        '    operations = [migrations.DeleteModel("Order")]\n    del operations[0]\n',
        [Effect("deletes a table", "DeleteModel", "Order", DATA), UNREAD],
    ),
    "operations that are set from outside": ("", "    pass\n\n\nMigration.operations = made()\n", [UNREAD]),
}


@pytest.mark.parametrize("name", BODIES)
def test_operations_are_found_wherever_the_class_puts_them(name: str) -> None:
    head, body, expected = BODIES[name]
    base = "elsewhere.Base" if "elsewhere" in name else "migrations.Migration"
    text = f"{HEAD}{head}class Migration({base}):\n    dependencies = []\n{body}"
    assert list(read(text).effects) == expected


def test_flags_of_a_migration_are_those_of_its_effects_each_once() -> None:
    made = read(
        source('migrations.DeleteModel("A"), migrations.DeleteModel("B"), migrations.RunPython(fill)')
    )
    assert made.flags == ("loses data", "cannot be reversed")
