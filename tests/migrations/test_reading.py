"""What a file says of its place among others, and what is said of a file that cannot be read."""

from __future__ import annotations

import subprocess

import pytest

from deploytasks.migrations import Doubt, Effect, Key, read_migrations
from tests.migrations.trees import HEAD, read, source, tree

USER = ("auth", "__first__")
LINKS = {
    "pairs": (
        '[("auth", "0001_initial"), ["shop", "0002_b"]]',
        [("auth", "0001_initial"), ("shop", "0002_b")],
    ),
    "a tuple of pairs": ('(("auth", "__latest__"),)', [("auth", "__latest__")]),
    "a model that can be swapped": ("[migrations.swappable_dependency(settings.AUTH_USER_MODEL)]", [USER]),
    "a model by its name": ('[migrations.swappable_dependency("auth.User")]', [USER]),
    "a setting with a default": (
        '[migrations.swappable_dependency(getattr(settings, "SHOP_MODEL", "shop.Shop"))]',
        [("shop", "__first__")],
    ),
    "a setting with a default, set": (
        '[migrations.swappable_dependency(getattr(settings, "AUTH_USER_MODEL", "shop.Shop"))]',
        [USER],
    ),
    "lists added and starred": ('[*[("a", "1")]] + [("b", "2")]', [("a", "1"), ("b", "2")]),
    "a name of the module": ("BEFORE", [("auth", "0003_c")]),
}


@pytest.mark.parametrize("attribute", ["dependencies", "run_before", "replaces"])
@pytest.mark.parametrize(("written", "expected"), LINKS.values(), ids=LINKS)
def test_the_place_of_a_migration_is_read(
    attribute: str, written: str, expected: list[tuple[str, str]]
) -> None:
    text = source(**{attribute: written}).replace(
        HEAD, HEAD + 'AUTH = "auth"\nLAST = (AUTH, "0003_c")\nBEFORE = [LAST]\n\n\n'
    )
    made = read(text)
    assert getattr(made, attribute) == tuple(Key(*pair) for pair in expected)
    assert made.doubts == ()


DYNAMIC = {
    "a call": "    dependencies = made()\n",
    "an item that is a call": '    dependencies = [("auth", "0001_initial"), made()]\n',
    "a setting that is not here": "    dependencies = [migrations.swappable_dependency(settings.OTHER_MODEL)]\n",
    "one of two": '    dependencies = [("auth", "0001_initial")] if settings.A else []\n',
    "a condition": '    if settings.A:\n        dependencies = [("auth", "0001_initial")]\n',
    "a method": "    def __init__(self, *a):\n        self.dependencies = []\n",
    "a subscript": "    dependencies = [1]\n    dependencies[0] = made()\n",
    "a name that has two values": "    dependencies = TWICE\n",
    "a name that has a value on a condition": "    dependencies = ONCE\n",
    "a name that would break a line": '    dependencies = [("auth", "0001\\x1b[2J")]\n',
}


@pytest.mark.parametrize("body", DYNAMIC.values(), ids=DYNAMIC)
def test_dependencies_that_are_made_up_at_import_are_named(body: str) -> None:
    head = "TWICE = []\nif settings.A:\n    TWICE = ONCE = [('a', 'b')]\n"
    made = read(f"{HEAD}{head}class Migration(migrations.Migration):\n{body}    operations = []\n")
    assert [str(doubt) for doubt in made.doubts] == [
        (
            "shop/migrations/0001_a.py:8: its dependencies are known only when it is imported; "
            "ask manage.py showmigrations --plan for the order"
        )
    ]
    assert made.effects == ()


def test_a_migration_that_inherits_may_inherit_its_dependencies() -> None:
    made = read(f"{HEAD}class Migration(elsewhere.Base):\n    operations = []\n")
    assert [doubt.kind for doubt in made.doubts] == ["dynamic"]


FILES = {
    "syntax": (b"class Migration(\n", "syntax", "it is not Python 3."),
    "a null byte": (b"class Migration:\0\n", "syntax", "it is not Python 3."),
    "not UTF-8": (
        b"# caf\xe9\n" + source().encode(),
        "encoding",
        "it is not UTF-8, nor what its first lines declare",
    ),
    "an encoding that is none": (b"# coding: klingon\n", "encoding", "it is not UTF-8"),
    "a lone surrogate": ("x = '\ud800'\n", "encoding", "it is not UTF-8"),
    "huge": (b"#" * (2**20 + 1), "huge", "it has 1.0 MiB, and files over 1 MiB are not read"),
    "deep": (b"x = " + b"-" * 50_000 + b"1\n", "too much", "it is nested deeper than is read"),
    "deep where it is read": (source("+".join(["a"] * 3000)), "too much", "it is nested deeper than is read"),
    "names that stand for more and more names": (
        "\n".join([*(f"a{i} = [{f'*a{i + 1}, ' * 10}]" for i in range(40)), source("*a0")]),
        "too much",
        "it is nested deeper than is read",
    ),
    "made by a function": (
        "Migration = made()\n",
        "dynamic",
        "its class Migration is known only when it is imported",
    ),
    "imported": ("from elsewhere import Migration\n", "dynamic", "its class Migration is known only"),
}


@pytest.mark.parametrize(("content", "kind", "what"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_read_is_a_finding_and_comes_all_the_same(
    content: str | bytes, kind: str, what: str
) -> None:
    made = read(content)
    (doubt,) = made.doubts
    assert (doubt.kind, doubt.what[: len(what)]) == (kind, what)
    assert doubt.where.startswith("shop/migrations/0001_a.py")
    assert made.effects == (Effect("cannot be read", flags=("effect not known",)),)


def test_an_encoding_that_a_file_declares_is_taken() -> None:
    text = source('migrations.RemoveField("order", "café")')
    assert read(b"# coding: latin-1\n" + text.encode("latin-1")).effects[0].subject == "order.café"


def test_a_bad_escape_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    read(source('migrations.RunSQL("\\d")'))
    assert list(recwarn) == []


def test_the_content_of_a_file_has_the_id_that_git_gives_it() -> None:
    text = source()
    found = subprocess.run(
        ["git", "hash-object", "--stdin"], input=text.encode(), capture_output=True, check=True
    )
    assert read(text).content == read(text.encode()).content == found.stdout.decode().strip()


def test_code_of_another_kind_among_migrations_is_a_finding_and_alone_is_none() -> None:
    among = tree({"shop.0001_a": source(), "shop.tools": "def f(): ...\n"})
    assert among.doubts == (
        Doubt(
            "no migration",
            "shop/migrations/tools.py",
            "it has no class Migration, which Django demands",
            "move it out of migrations/",
        ),
    )
    assert tree({"shop.tools": "def f(): ...\n"}).doubts == ()


def test_files_that_django_passes_over_are_passed_over() -> None:
    made = tree({"shop.0001_a": source(), "shop._tools": "", "shop.~0001_a": ""})
    assert ([str(each.key) for each in made.migrations], made.doubts) == (["shop.0001_a"], ())


def test_a_directory_without_an_init_is_a_finding_where_it_has_migrations() -> None:
    made = read_migrations({"shop/migrations/0001_a.py": source(), "alembic/migrations/env.py": "x = 1\n"})
    assert made.migrations == ()
    assert [str(doubt) for doubt in made.doubts] == [
        "shop/migrations: it has no __init__.py, so that Django passes over it; add shop/migrations/__init__.py"
    ]


def test_nothing_of_a_file_is_run() -> None:
    made = read("raise SystemExit\n" + source("exit()"))
    assert [effect.operation for effect in made.effects] == ["exit"]


def test_what_is_alike_is_not_read_again() -> None:
    old = tree({"shop.0001_a": source(), "shop.0002_b": source(after="shop.0001_a")})
    files = {
        "shop/migrations/__init__.py": "",
        "shop/migrations/0001_a.py": source(),
        "shop/migrations/0002_b.py": source("migrations.RunPython(f)"),
    }
    made = read_migrations(files, alike=old)
    assert made == read_migrations(files)
    assert made.migrations[0] is old.migrations[0]
    assert (
        read_migrations({**files, "settings.py": 'AUTH_USER_MODEL = "a.B"'}, alike=old).migrations[0]
        is not (old.migrations[0])
    )
