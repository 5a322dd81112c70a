"""Migrations in words, a line each, for people who have to decide something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from .difference import Difference
from .migration import Effect, Migration

Occasion = Literal["plan", "confirmation", "rollback"]

MOST = 20
"""Names in one line, and migrations of a plan that have a line though they lose nothing."""

CHANGED = {
    "effect": "was changed after it ran: what it did stays, and the change never runs; make it a migration of its own",
    "place": "was changed after it ran, but only in what it depends on or replaces",
}
"""Layout and comments are not worth a line."""


def lines(difference: Difference, occasion: Occasion) -> tuple[str, ...]:
    """What a difference means: of a plan each migration; at a confirmation those that lose data, cannot be reversed or
    cannot be read, the others by name; of a rollback, from what runs now to its target, first what the target does
    not know and how it would be reversed. Every line can be printed as it is.
    """
    told = [*(left_behind(difference) if occasion == "rollback" else gone(difference))]
    told += coming(difference.added, brief=occasion != "plan")
    told += [
        f"{each.migration.key}: {CHANGED[each.part]}" for each in difference.changed if each.part in CHANGED
    ]
    return tuple(map(visible, (*told, *map(str, difference.doubts))))


def coming(added: Sequence[Migration], *, brief: bool) -> Iterator[str]:
    """Each migration that runs; the harmless ones by name where `brief` or where they are many."""
    harmless = [each for each in added if not each.flags]
    by_name = harmless if brief or len(harmless) > MOST else []
    for migration in added:
        if migration not in by_name:
            yield from told(migration, brief=brief)
    if by_name:
        yield f"{len(by_name)} that lose nothing: {listed(map(key_of, by_name))}"


def gone(difference: Difference) -> Iterator[str]:
    for each in difference.removed:
        yield f"{each.key}: ran, and is not in what comes; what it did stays"


def left_behind(difference: Difference) -> Iterator[str]:
    for each in difference.removed:
        yield from (f"unknown to the target, stays: {line}" for line in told(each, brief=False))
    for way in difference.reversals:
        reverse = f"run {way} before" if way.possible else "it cannot be reversed"
        yield f"to have {way.app} as the target knows it: {reverse}"


def told(migration: Migration, *, brief: bool) -> Iterator[str]:
    """What a migration does, like effects together; with `brief` only what has a flag, where anything has."""
    groups: dict[tuple[object, ...], list[Effect]] = {}
    for effect in migration.effects:
        groups.setdefault((effect.summary, effect.operation, effect.flags), []).append(effect)
    flagged = [group for group in groups.values() if group[0].flags]
    rest = [group for group in groups.values() if not group[0].flags]
    for group in flagged:
        yield f"{migration.key}: {in_words(group)}; {', '.join(group[0].flags)}"
    if rest and not (brief and flagged):
        yield f"{migration.key}: {', '.join(map(in_words, rest))}"
    if not groups:
        yield f"{migration.key}: does nothing"


def in_words(group: Sequence[Effect]) -> str:
    """`removes 2 columns (RemoveField order.price, order.note)`."""
    first = group[0]
    subjects = listed(dict.fromkeys(effect.subject for effect in group if effect.subject))
    detail = " ".join(part for part in (first.operation, subjects) if part)
    summary = counted(first.summary, len(group))
    return f"{summary} ({detail})" if detail else summary


def counted(summary: str, count: int) -> str:
    """`removes a column` -> `removes 2 columns`."""

    def plural(match: re.Match[str]) -> str:
        return f"{count} {match[1]}{'es' if match[1].endswith('x') else 's'}"

    return summary if count == 1 else re.sub(r"\ban? (\w+)", plural, summary, count=1)


def listed(names: Iterable[str]) -> str:
    every = list(names)
    more = [f"and {len(every) - MOST} more"] if len(every) > MOST else []
    return ", ".join([*every[:MOST], *more])


def key_of(migration: Migration) -> str:
    return str(migration.key)


def visible(line: str) -> str:
    """Without control characters and their like, shown as Python writes them."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
