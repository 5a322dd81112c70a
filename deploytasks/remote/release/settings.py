"""The environment that is served, by fingerprints only: as `.env` says it now, and as it was written."""

from __future__ import annotations

import hashlib
import os
import re

from deploytasks.remote.failure import Failure
from deploytasks.remote.files import read, read_json
from deploytasks.remote.names import VARIABLES
from deploytasks.remote.release.current import served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from deploytasks.remote.agent.state import State

LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(?:'([^']*)'|\"((?:[^\"\\]|\\.)*)\")\n", re.DOTALL)


def served_environment(state: State, key: str) -> dict[str, Any]:
    """{name: fingerprint} of `.env` and of environment.json of the release that is served, under a key in hex.

    `foreign` are the numbers of lines in `.env` that deploytasks does not write so.
    """
    release = served(state.root)
    if release is None:
        return {"release": None, "keys": {}, "written": {}, "foreign": []}
    path = os.path.join(state.root, "releases", release, ".env")
    try:
        found, foreign = parsed(read(path).decode("utf-8", "surrogateescape"))
    except FileNotFoundError:
        found, foreign = {}, []
    except OSError as error:
        raise Failure("%s: %s; see its owner and mode" % (path, error.strerror)) from error
    written = read_json(os.path.join(os.path.dirname(path), "environment.json"), VARIABLES, {})
    return {
        "release": release,
        "keys": fingerprints(found, key),
        "written": fingerprints(written, key),
        "foreign": foreign,
    }


def fingerprints(texts: Mapping[str, str], key: str) -> dict[str, str]:
    """{name: keyed digest} of some texts."""
    try:
        secret = bytes.fromhex(key)[:64]
    except ValueError:
        raise Failure("the key is not in hex; deploy with one version of deploytasks", "request") from None
    return {
        name: hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=secret, digest_size=16).hexdigest()
        for name, text in texts.items()
    }


def parsed(text: str) -> tuple[dict[str, str], list[int]]:
    """The keys of a canonical `.env`, and the numbers of the lines that are not canonical."""
    found, foreign, position = {}, [], 0
    while position < len(text):
        match = LINE.match(text, position)
        if match:
            found[match[1]] = (
                match[2] if match[2] is not None else re.sub(r"\\(.)", r"\1", match[3], flags=re.DOTALL)
            )
            position = match.end()
        else:
            foreign.append(text.count("\n", 0, position) + 1)
            position = (text.find("\n", position) + 1) or len(text)
    return found, foreign
