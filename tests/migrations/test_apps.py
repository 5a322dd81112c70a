"""Which files tell a tree's migrations, and the label that the app of each has."""

from __future__ import annotations

import pytest

from deploytasks.migrations import Key, migration_files, read_migrations
from tests.migrations.trees import source, tree

CONFIG = "from django.apps import AppConfig\n\n\nclass ShopConfig(AppConfig):\n"

MANY = "".join(f"a{i} = {' + '.join([f'a{i + 1}'] * 10)}\n" for i in range(40))
"""Names that stand for each other, more often than is read."""


def test_the_files_that_tell_migrations_are_picked_out_of_a_list_of_paths() -> None:
    wanted = [
        "apps/shop/apps.py",
        "apps/shop/migrations/0001_initial.py",
        "apps/shop/migrations/__init__.py",
        "project/settings/base.py",
        "settings.py",
        "tests/migrations/0001_initial.py",
        "users/apps/__init__.py",
        "users/migrations/0001_initial.py",
        "vendor/private/private/apps.py",
        "vendor/private/private/migrations/0001_initial.py",
        "vendor/private/tests_of_flight/migrations/0001_initial.py",
    ]
    others = [
        "apps/other/apps.py",
        "apps/shop/migrations/0001_initial.pyc",
        "apps/shop/migrations/sql/0001.py",
        "apps/shop/models.py",
        "migrations.py",
        "vendor/private/example/settings.py",
        "vendor/private/private/settings.py",
        "vendor/private/tests/app/apps.py",
        "vendor/private/tests/app/migrations/0001_initial.py",
    ]
    assert list(migration_files(reversed([*others, *wanted, *wanted]))) == wanted


LABELS = {
    "the label that it gives": (f'{CONFIG}    name = "shop"\n    label = "store"\n', "store"),
    "the last name of the package": (f'{CONFIG}    name = "acme.shop"\n', "shop"),
    "the package's name without an AppConfig": ("x = 1\n", "shop"),
    "a label from a base in the file": (
        (
            f'{CONFIG}    name = "shop"\n    label = "store"\n    default = False\n\n\nclass Big(ShopConfig):\n'
            "    default = True\n"
        ),
        "store",
    ),
    "the one that is the default": (
        (
            f'{CONFIG}    name = "shop"\n    label = "store"\n    default = True\n\n\n'
            'class OldConfig(AppConfig):\n    name = "shop"\n    label = "old"\n'
        ),
        "store",
    ),
    "the one that is not refused as the default": (
        (
            f'{CONFIG}    name = "shop"\n    label = "old"\n    default = False\n\n\n'
            'class NewConfig(AppConfig):\n    name = "shop"\n    label = "store"\n'
        ),
        "store",
    ),
    "not that of a config for another package": (
        (
            f'{CONFIG}    name = "acme.other"\n    label = "other"\n    default = True\n\n\n'
            'class NewConfig(AppConfig):\n    name = "acme.shop"\n    label = "store"\n'
        ),
        "store",
    ),
    "a base with another name": ('class Shop(acme.BaseConfig):\n    label = "store"\n', "store"),
    "a name of the module": (f'STORE = "store"\n\n{CONFIG}    label = STORE\n', "store"),
}


@pytest.mark.parametrize(("apps", "label"), LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("path", ["shop/apps.py", "shop/apps/__init__.py"])
def test_the_label_is_what_the_app_config_says(path: str, apps: str, label: str) -> None:
    made = tree({"shop.0001_a": source()}, **{path: apps})
    assert ([each.key for each in made.migrations], made.doubts) == ([Key(label, "0001_a")], ())


UNCLEAR = {
    "two labels and no default": (
        f'{CONFIG}    label = "a"\n\n\nclass Other(AppConfig):\n    pass\n\n\nclass C(AppConfig):\n    label = "b"\n',
        "shop/apps.py: the label of shop cannot be read; name it by a text in apps.py",
    ),
    "a label that is made": (
        f"{CONFIG}    label = made()\n",
        "shop/apps.py: the label of shop cannot be read; name it by a text in apps.py",
    ),
    "a label that Django refuses": (
        f'{CONFIG}    label = "a shop"\n',
        "shop/apps.py: the label of shop cannot be read; name it by a text in apps.py",
    ),
    "names that stand for more than is read": (
        f"{MANY}{CONFIG}    label = a0\n",
        "shop/apps.py: it is nested deeper than is read; look at it yourself",
    ),
}


@pytest.mark.parametrize(("apps", "doubt"), UNCLEAR.values(), ids=UNCLEAR)
def test_a_label_that_cannot_be_read_is_the_packages_name_and_a_finding(apps: str, doubt: str) -> None:
    made = tree({"shop.0001_a": source()}, **{"shop/apps.py": apps})
    assert [each.key.app for each in made.migrations] == ["shop"]
    assert [str(each) for each in made.doubts] == [doubt]


def test_an_apps_py_that_is_no_python_is_a_finding() -> None:
    made = tree({"shop.0001_a": source()}, **{"shop/apps.py": "class ("})
    assert [(each.kind, each.where) for each in made.doubts] == [("syntax", "shop/apps.py:1")]


def test_of_two_apps_with_one_label_the_projects_own_is_read_and_the_other_named() -> None:
    made = read_migrations(
        {
            f"{place}/migrations/{name}.py": text
            for place in ("vendor/a/shop", "web/acme/shop")
            for name, text in [("__init__", ""), ("0001_a", source())]
        }
    )
    assert [each.path for each in made.migrations] == ["web/acme/shop/migrations/0001_a.py"]
    assert [str(each) for each in made.doubts] == [
        (
            "shop: it is the label of web/acme/shop and of vendor/a/shop, and only the first is read; "
            "look at the other yourself if it is installed"
        )
    ]


@pytest.mark.parametrize(
    ("settings", "app"),
    [
        pytest.param({}, "auth", id="Django's own user"),
        pytest.param(
            {"settings.py": 'AUTH_USER_MODEL = "people.User"\n'}, "people", id="a user of one's own"
        ),
        pytest.param(
            {"project/settings/base.py": 'APP = "people"\nAUTH_USER_MODEL = APP + ".User"\n'},
            "people",
            id="settings in a package",
        ),
        pytest.param(
            {"settings.py": "AUTH_USER_MODEL = env('USER')\n"}, "auth", id="one that cannot be read"
        ),
        pytest.param({"settings.py": MANY + "AUTH_USER_MODEL = a0\n"}, "auth", id="one of more than is read"),
        pytest.param({"settings.py": "AUTH_USER_MODEL = (\n"}, "auth", id="settings that are no Python"),
    ],
)
def test_a_model_that_the_settings_swap_is_the_one_that_is_meant(settings: dict[str, str], app: str) -> None:
    text = source(dependencies="[migrations.swappable_dependency(settings.AUTH_USER_MODEL)]")
    made = tree({"shop.0001_a": text}, **settings)
    assert made.migrations[0].dependencies == (Key(app, "__first__"),)


def test_the_code_that_django_makes_migrations_with_is_no_app() -> None:
    files = {"migration": "class Migration: pass\n", "loader": "", "__init__": ""}
    made = read_migrations(
        {f"vendor/django/django/db/migrations/{name}.py": text for name, text in files.items()}
    )
    assert (made.migrations, made.doubts) == ((), ())


def test_migrations_at_the_top_of_a_tree_belong_to_no_app_unless_one_is_named() -> None:
    files = {"migrations/__init__.py": "", "migrations/0001_a.py": source()}
    assert read_migrations(files).migrations == ()
    named = read_migrations({**files, "apps.py": f'{CONFIG}    name = "shop"\n'})
    assert [str(each.key) for each in named.migrations] == ["shop.0001_a"]
