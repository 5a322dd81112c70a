"""Small projects made by chance: chains, branches and merges of migrations in a few apps, with replacements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.migrations.trees import source

Pair = tuple[str, str]


@dataclass
class Links:
    """What a migration says of others."""

    dependencies: list[Pair] = field(default_factory=list)
    run_before: list[Pair] = field(default_factory=list)
    replaces: list[Pair] = field(default_factory=list)

    def source(self) -> str:
        return source(**{name: repr(pairs) for name, pairs in vars(self).items()})


@dataclass
class Made:
    """A project: the files that it has, and what is applied of it."""

    files: dict[Pair, Links]
    applied: list[Pair]

    def write(self, root: Path, package: str) -> list[str]:
        """Its files below root, and its apps for INSTALLED_APPS."""
        apps = sorted({app for app, _ in self.files})
        for app in apps:
            directory = root / package / app / "migrations"
            directory.mkdir(parents=True)
            (directory / "__init__.py").touch()
        for (app, name), links in self.files.items():
            (root / package / app / "migrations" / f"{name}.py").write_text(links.source())
        return [f"{package}.{app}" for app in apps]


def project(chance: Random) -> Made:
    """One in four has something that Django refuses, about."""
    files: dict[Pair, Links] = {}
    for number in range(chance.randint(1, 16)):
        add(chance, files, chance.choice("abcd"), number)
    order = list(files)
    replace(chance, files)
    applied = order[: chance.choice([0, 0, chance.randint(0, len(order)), len(order)])]
    replacements = [key for key, links in files.items() if links.replaces]
    return Made(files, applied + [key for key in replacements if chance.random() < 0.2])


def add(chance: Random, files: dict[Pair, Links], app: str, number: int) -> None:
    """A migration that follows others, mostly the last of its app."""
    own = [key for key in files if key[0] == app]
    others = [key for key in files if key[0] != app]
    links = Links()
    if own:
        links.dependencies += (
            [own[-1]] if chance.random() < 0.8 else chance.sample(own, chance.randint(1, len(own)))
        )
    if others:
        links.dependencies += chance.sample(others, chance.choice([0, 0, 1, min(2, len(others))]))
    if others and chance.random() < 0.06:
        links.dependencies.append((chance.choice(others)[0], chance.choice(["__first__", "__latest__"])))
    if others and chance.random() < 0.05:
        links.run_before.append(chance.choice([*others, (chance.choice(others)[0], "__first__")]))
    if chance.random() < 0.05:
        chance.choice([links.dependencies, links.run_before]).append((app, "__first__"))
    if chance.random() < 0.01:
        chance.choice([links.dependencies, links.run_before]).append((app, "0000_nowhere"))
    chance.shuffle(links.dependencies)
    files[app, f"{chance.choice('0019')}{number:03}_{chance.choice('xyz')}"] = links


def replace(chance: Random, files: dict[Pair, Links]) -> None:
    """Replacements for a run of an app's migrations, whose files may be gone."""
    for app in "abcd":
        own = [key for key in files if key[0] == app]
        if len(own) < 2 or chance.random() < 0.5:
            continue
        start = chance.randint(0, len(own) - 2)
        parts = own[start : chance.randint(start + 2, len(own))]
        before = [pair for key in parts for pair in files[key].dependencies if pair not in parts]
        name = f"{chance.choice('0059')}_squashed"
        files[app, name] = Links(list(dict.fromkeys(before)), [], parts)
        for links in files.values():
            if not links.replaces and chance.random() < 0.5:
                links.dependencies = [
                    (app, name) if pair == parts[-1] else pair for pair in links.dependencies
                ]
        if chance.random() < 0.3 and not is_pointed_at(app, files):
            for key in parts:
                del files[key]


def is_pointed_at(app: str, files: dict[Pair, Links]) -> bool:
    """Whether somebody means the first or last of an app. With files gone, Django then tosses a coin: it looks while it
    still adds names that have no file, in the order of a set.
    """
    meant = {pair for links in files.values() for pair in links.dependencies + links.run_before}
    return bool(meant & {(app, "__first__"), (app, "__latest__")})
