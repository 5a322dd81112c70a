"""Names that share a pattern, written as one: `web[01-40].example.com`; written out, and put together again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

RANGE = re.compile(r"\[(?P<parts>\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)\]")
"""Digits only, so that an address in brackets (`[::1]`) is none."""
NUMBER = re.compile(r"\d{1,9}")
LONGEST = 1000
"""Characters of a word with ranges."""
MOST = 10_000
"""Names that one pattern may stand for."""


def written_out(word: str) -> list[str]:
    """Every name that a word stands for, in order; the word itself where it has no range.

    Raises ValueError for a range that ends before it begins, and for more names than anybody means.
    """
    found = RANGE.search(word)
    if found is None:
        return [word]
    if len(word) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    numbers = [number for part in found["parts"].split(",") for number in numbers_of(part)]
    rest = written_out(word[found.end() :])
    if len(numbers) * len(rest) > MOST:
        raise ValueError(f"stands for more than {MOST} names")
    return [f"{word[: found.start()]}{number}{behind}" for number in numbers for behind in rest]


def numbers_of(part: str) -> list[str]:
    """`08-10` as 08, 09, 10: as many digits as its first number has."""
    first, dash, last = part.partition("-")
    if dash and int(last) < int(first):
        raise ValueError(f"has the range {part}, which ends before it begins")
    if dash and int(last) - int(first) >= MOST:
        raise ValueError(f"stands for more than {MOST} names")
    return [f"{number:0{len(first)}}" for number in range(int(first), int(last or first) + 1)]


def folded(names: Iterable[str]) -> list[str]:
    """The names with those that differ in one number put together, in the order of their first."""
    waiting = list(dict.fromkeys(names))
    order = {name: at for at, name in enumerate(waiting)}
    found: list[tuple[int, str]] = []
    while waiting:
        (before, behind), members = largest(waiting)
        found.append((min(order[name] for name in members), pattern(before, behind, members)))
        taken = set(members)
        waiting = [name for name in waiting if name not in taken]
    return [text for _, text in sorted(found)]


def largest(names: Sequence[str]) -> tuple[tuple[str, str], list[str]]:
    """What stands before and behind the number in which the most names differ, and these names."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        for found in NUMBER.finditer(name):
            groups.setdefault((name[: found.start()], name[found.end() :]), {})[found[0]] = name
    alike = [(key, members) for key, numbers in groups.items() for members in of_one_width(numbers)]
    key, members = max(alike, key=lambda pair: len(pair[1]), default=(("", ""), []))
    return (key, members) if len(members) > 1 else (("", ""), [names[0]])


def of_one_width(numbers: Mapping[str, str]) -> list[list[str]]:
    """The names by their numbers: those of a length in which some have zeros before, and the others."""
    padded = {len(number) for number in numbers if number[0] == "0" and len(number) > 1}
    groups: dict[int, list[str]] = {}
    for number, name in numbers.items():
        groups.setdefault(len(number) if len(number) in padded else 0, []).append(name)
    return list(groups.values())


def pattern(before: str, behind: str, members: Sequence[str]) -> str:
    """The members as one word; a single one as it is."""
    if len(members) == 1:
        return members[0]
    numbers = sorted((name[len(before) : len(name) - len(behind)] for name in members), key=int)
    return f"{before}[{','.join(runs(numbers))}]{behind}"


def runs(numbers: Sequence[str]) -> Iterator[str]:
    """Numbers in a row as `first-last`."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: int(pair[1]) - pair[0]):
        row = [number for _, number in group]
        yield row[0] if len(row) == 1 else f"{row[0]}-{row[-1]}"
