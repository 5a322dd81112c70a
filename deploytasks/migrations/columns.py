"""What columns are along the way, so that a change which loses nothing is not told as one that may.

Only what is certain counts: both definitions are written out, and differ in what costs no row anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from .migration import Effect, Field, Migration
from .operations import OPERATIONS, named

HARMLESS = frozenset(["allow_unicode", "db_comment", "db_default", "db_index", "unique"])
"""Settings that may differ: what they demand of rows fails where it is not met, and changes none."""
TEXTS = {
    "CharField": "",
    "EmailField": "254",
    "SlugField": "50",
    "URLField": "200",
    "FileField": "100",
    "FilePathField": "100",
    "ImageField": "100",
}
"""Kinds of field that are texts of a greatest length, with the one that they have when none is set."""
INTEGERS = ("SmallIntegerField", "IntegerField", "BigIntegerField")
POSITIVES = ("PositiveSmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField")
WIDER = frozenset(
    [
        *((text, wider) for text in TEXTS for wider in (*TEXTS, "TextField")),
        *(
            pair
            for row in (INTEGERS, POSITIVES, ("SmallAutoField", "AutoField", "BigAutoField"))
            for pair in combinations(row, 2)
        ),
        *((positive, integer) for positive, integer in zip(POSITIVES, INTEGERS, strict=True)),
        ("NullBooleanField", "BooleanField"),
    ]
)
"""Kinds of field of which the second holds whatever the first does."""
NOT_SET = "not set"

Models = dict[str, dict[str, Field]]


def settled(migrations: Iterable[Migration]) -> Iterator[Migration]:
    """The same, which come in an order in which they can run, with what each AlterField is then known to change."""
    apps: dict[str, Models] = {}
    for migration in migrations:
        models = apps.setdefault(migration.key.app, {})
        effects = tuple(after(models, effect) for effect in migration.effects)
        yield replace(migration, effects=effects) if effects != migration.effects else migration


def after(models: Models, effect: Effect) -> Effect:
    """Take an effect in to what is known of models."""
    model, _, rest = effect.subject.lower().partition(".")
    name, _, renamed = rest.partition(" to ")
    if effect.operation not in OPERATIONS and effect.operation not in ("RunPython", "RunSQL"):
        models.clear()
    elif effect.operation == "RenameModel":
        old, _, new = model.partition(" to ")
        models[new] = models.pop(old, {})
    elif effect.operation in ("CreateModel", "DeleteModel"):
        models[model] = {}
    elif effect.operation in ("AddField", "AlterField", "RemoveField", "RenameField"):
        known = models.setdefault(model, {}).pop(name, None)
        if known and renamed:
            models[model][renamed] = known
        if known and effect.operation == "AlterField" and effect.flags:
            effect = judged(effect, known)
    models.setdefault(model, {}).update((field.name.lower(), field) for field in effect.fields)
    return effect


def judged(effect: Effect, before: Field) -> Effect:
    """An AlterField of a field that is known, with what it changes, and without a flag where that loses nothing."""
    if not effect.fields:
        return effect
    now = effect.fields[0]
    changes = list(differing(before, now))
    harmful = [f"{key} {old} → {new}" for key, old, new in changes if not is_harmless(key, old, new, now)]
    if harmful:
        return replace(effect, subject=f"{effect.subject}: {' and '.join(harmful)}")
    return replace(
        effect, summary="changes a column without loss" if changes else "changes no column", flags=()
    )


def differing(before: Field, now: Field) -> Iterator[tuple[str, str, str]]:
    """Each setting that differs, or may, with both values; first the kind."""
    if before.kind != now.kind:
        yield "kind", before.kind, now.kind
    old, new = settings(before), settings(now)
    for key in sorted({*old, *new}):
        values = old.get(key, NOT_SET), new.get(key, NOT_SET)
        if None in values or values[0] != values[1]:
            yield key, named(values[0]), named(values[1])


def settings(field: Field) -> dict[str, str | None]:
    """With the length that a kind has of itself, and the name of a model as Django compares it."""
    own = {"max_length": length} if (length := TEXTS.get(field.kind)) else {}
    written = {**own, **dict(field.settings)}
    return {key: value.lower() if key == "to" and value else value for key, value in written.items()}


def is_harmless(key: str, old: str, new: str, now: Field) -> bool:
    if key == "kind":
        return (old, new) in WIDER
    if key == "max_length":
        grows = old.isdecimal() and new.isdecimal() and len(new) < 10 and int(old) <= int(new)
        return grows or (now.kind == "TextField" and new == NOT_SET)
    return key in HARMLESS or (key == "null" and new == "True")
