"""Values of options, for completion: read from files here, asked of no host and decrypted by no command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import DeployError


def values_of(start: Path, collection: Any) -> Callable[[str, Sequence[str]], Sequence[str]]:
    """What answers for the project that a directory is in; nothing for a directory that is in none."""
    from ..config.project import find_project

    try:
        return partial(known, find_project(start), collection)
    except DeployError:
        return lambda option, words: ()


def known(root: Path, collection: Any, option: str, words: Sequence[str]) -> Sequence[str]:
    """The values of an option that are known here; nothing where its files are wrong."""
    from ..config.layers import environment_names

    environment = said(words, "--env", "-e")
    readers: Mapping[str, Callable[[], Sequence[str]]] = {
        **dict.fromkeys(("env", "from", "env.diff 0", "env.diff 1"), partial(environment_names, root)),
        **dict.fromkeys(("limit", "host"), partial(hosts, root, environment)),
        "skip": partial(steps, collection),
        "to": partial(releases, root, environment),
        "name": partial(vendored, root),
        "completion 0": lambda: ("bash", "fish", "zsh"),
    }
    if option not in readers or ("vendor.update" in words and option == "to"):
        return ()
    try:
        return readers[option]()
    except (DeployError, OSError):
        return ()


def said(words: Sequence[str], *flags: str) -> str:
    """The value of the last of these options on a command line."""
    found = ""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        name, equals, value = word.partition("=")
        if name in flags:
            found = value if equals else following
    return found


def hosts(root: Path, environment: str) -> list[str]:
    """The hosts of an environment, as its files name them; encrypted ones are left alone."""
    from ..config.hosts import parse
    from ..config.layers import plain_layer, stacked

    parts = ("common", environment, f"{environment}.local")
    layers = [layer for part in parts for layer in plain_layer(root, f"environments/{part}.env")]
    return [host.name for host in parse(stacked(layers).texts)[0]]


def steps(collection: Any) -> list[str]:
    """The steps of the project's recipe that can be left out."""
    from ..recipe.default import DEFAULT

    recipe = collection.configuration().get("deploytasks", {}).get("recipe") or DEFAULT
    return [step.name for step in recipe if not step.essential]


def releases(root: Path, environment: str) -> Sequence[str]:
    """The releases that the last commands here have seen on the hosts, newest first."""
    from ..commands.seen_releases import seen

    return seen(os.environ, root, environment)


def vendored(root: Path) -> list[str]:
    """The names of the vendored dependencies."""
    from ..vendored import dependencies

    return [one.name for one in dependencies(root, "HEAD")]
