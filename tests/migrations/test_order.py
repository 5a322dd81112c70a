"""The order is Django's own, in the plan of three large packages and of many small projects."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from deploytasks.migrations import Key, Migrations, migration_files, ordered, read_migrations
from tests.migrations.conftest import Django
from tests.migrations.projects import project

REFUSED = {"cycle", "missing dependency"}


def read_below(*roots: Path) -> Migrations:
    files = {str(path.relative_to(root)): path for root in roots for path in root.rglob("*.py")}
    return read_migrations({path: files[path].read_bytes() for path in migration_files(files)})


def installed(packages: Path, site: Path, apps: dict[str, str]) -> Migrations:
    """Of the apps in INSTALLED_APPS alone, as Django reads no others."""
    files: dict[str, bytes] = {"settings.py": (site / "settings.py").read_bytes()}
    for directory in map(Path, apps.values()):
        root = site if site in directory.parents else packages
        for path in [directory / "apps.py", *directory.glob("migrations/*.py")]:
            if path.exists():
                files[str(path.relative_to(root))] = path.read_bytes()
    return read_migrations(files)


def test_the_order_of_three_large_packages_is_that_of_showmigrations(django: Django, site: Path) -> None:
    apps, printed = json.loads(django.run(site, "plan.py"))
    found = installed(django.packages, site, apps)
    order = ordered(found.by_key())
    assert [f"[ ]  {key}" for key in order.keys] == printed
    assert len(printed) > 350
    assert order.doubts == found.doubts == ()
    assert {each.key for each in found.migrations if each.doubts} == {
        Key("wagtailcore", "0001_initial"),
        Key("wagtailcore", "0001_squashed_0016_change_page_url_path_to_text_field"),
    }


def test_the_order_of_projects_made_by_chance_is_that_of_showmigrations(
    django: Django, tmp_path: Path
) -> None:
    made = [project(Random(seed)) for seed in range(250)]
    asked = [
        {"apps": each.write(tmp_path, f"project{number}"), "applied": each.applied}
        for number, each in enumerate(made)
    ]
    (tmp_path / "many.py").write_text(Path(__file__).with_name("site").joinpath("many.py").read_text())
    answers = json.loads(django.run(tmp_path, "many.py", stdin=json.dumps(asked)))
    for number, (each, answer) in enumerate(zip(made, answers, strict=True)):
        found = read_below(tmp_path / f"project{number}").by_key()
        order = ordered(found, [Key(*pair) for pair in each.applied])
        kinds = {doubt.kind for doubt in order.doubts}
        if isinstance(answer, str):
            assert kinds & REFUSED, (number, answer)
        else:
            lines = [f"[{'X' if key in order.applied else ' '}]  {key}" for key in order.keys]
            assert (lines, kinds & REFUSED) == (answer, set()), number
    refused = [answer for answer in answers if isinstance(answer, str)]
    assert 10 < len(refused) < 100
    assert set(refused) == {"CircularDependencyError", "NodeNotFoundError"}
