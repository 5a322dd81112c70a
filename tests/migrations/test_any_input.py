"""Whatever the files are, something is answered: never an exception, and never an order that leaves one out."""

from __future__ import annotations

import ast
import json
from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from deploytasks.migrations import Key, difference, lines, migration_files, ordered, read_migrations
from tests.migrations.trees import HEAD, source

PATHS = st.one_of(
    st.builds(
        "{}/migrations/{}.py".format,
        st.sampled_from("abc"),
        st.sampled_from(["__init__", "0001_a", "0002_b", "_c"]),
    ),
    st.sampled_from(
        ["a/apps.py", "b/apps/__init__.py", "settings.py", "migrations/__init__.py", "migrations/a.py"]
    ),
    st.text(),
)
WORDS = st.sampled_from(
    [
        *(
            "dependencies",
            "operations",
            "replaces",
            "run_before",
            "settings",
            "AUTH_USER_MODEL",
            "Migration",
            "self",
        ),
        *(
            "migrations",
            "RunPython",
            "RunSQL",
            "RemoveField",
            "SeparateDatabaseAndState",
            "swappable_dependency",
        ),
        *(
            "name",
            "label",
            "default",
            "AppConfig",
            "getattr",
            "noop",
            "__first__",
            "a",
            "0001_a",
            "database_operations",
        ),
    ]
)
NAMES = WORDS.filter(str.isidentifier)
TEXTS = st.one_of(WORDS, st.text(max_size=5)).map(repr)
VALUES = st.recursive(
    st.one_of(NAMES, TEXTS, st.just("None"), st.integers().map(str)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}, {pair[1]})"),
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[*{}]".format, inner),
        st.builds("[{} for x in {}]".format, inner, inner),
        st.builds("migrations.{}({}, *{})".format, NAMES, inner, inner),
        st.builds("{}({}={})".format, NAMES, NAMES, inner),
        st.builds("({}).{}".format, inner, NAMES),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, NAMES, VALUES),
    st.builds("{} += {}".format, NAMES, VALUES),
    st.builds("{}.append({})".format, NAMES, VALUES),
    st.builds("if {}: {} = {}".format, VALUES, NAMES, VALUES),
    st.builds("def {}(self): self.{} = {}".format, NAMES, NAMES, VALUES),
    st.builds("from x import {} as {}".format, NAMES, NAMES),
)
CLASSES = st.builds(
    lambda name, base, body: f"class {name}({base}):\n    pass\n" + "".join(f"    {line}\n" for line in body),
    st.sampled_from(["Migration", "Migration", "AConfig"]),
    st.sampled_from(["migrations.Migration", "AppConfig", "AConfig"]),
    st.lists(STATEMENTS, max_size=4),
)
MODULES = st.lists(st.one_of(STATEMENTS, CLASSES), max_size=5).map(lambda parts: HEAD + "\n".join(parts))
SOURCES = st.one_of(MODULES, st.binary(max_size=40), st.text(max_size=40), st.just(source()))
TREES = st.dictionaries(PATHS, SOURCES, max_size=6).map(
    lambda files: {"a/migrations/__init__.py": "", **files}
)


@settings(max_examples=400, deadline=None)
@given(TREES, TREES)
def test_any_two_trees_have_a_difference_that_is_json_and_can_be_printed(
    old: dict[str, str | bytes], new: dict[str, str | bytes]
) -> None:
    migration_files(old)
    before = read_migrations(old)
    found = difference(before, read_migrations(new, alike=before))
    json.dumps(asdict(found))
    for occasion in ("plan", "confirmation", "rollback"):
        assert all(line.isprintable() for line in lines(found, occasion))
    assert read_migrations(new, alike=before) == read_migrations(new)


@settings(max_examples=200, deadline=None)
@given(st.one_of(MODULES, CLASSES))
def test_what_the_trees_above_are_made_of_is_python(text: str) -> None:
    ast.parse(text)


KEYS = st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "3", "__first__", "__latest__"]))
PAIRS = st.lists(KEYS, max_size=3)
GRAPHS = st.dictionaries(
    KEYS.filter(lambda key: not key[1].startswith("_")), st.tuples(PAIRS, PAIRS, PAIRS), max_size=6
)


@settings(max_examples=400, deadline=None)
@given(GRAPHS, PAIRS)
def test_every_migration_that_nothing_replaces_is_in_the_order_once_circles_or_not(
    graph: dict[tuple[str, str], tuple[list[tuple[str, str]], ...]], applied: list[tuple[str, str]]
) -> None:
    files = {f"{app}/migrations/__init__.py": "" for app, _ in graph}
    for (app, name), (after, before, replaced) in graph.items():
        text = source(dependencies=repr(after), run_before=repr(before), replaces=repr(replaced))
        files[f"{app}/migrations/{name}.py"] = text
    migrations = read_migrations(files).by_key()
    order = ordered(migrations, [Key(*pair) for pair in applied])
    replaced = {key for each in migrations.values() for key in each.replaces}
    assert len(set(order.keys)) == len(order.keys)
    assert set(order.keys) <= set(migrations)
    if not replaced:
        assert set(order.keys) == set(migrations)
