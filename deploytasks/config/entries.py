"""Environments as people look at them: keys with values or masks and origins, and how two environments differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import keys, layers, settings
from .dotenv import NAME
from .environment import Origin
from .loading import Draft
from .mask import Mask, mask
from .schema import SOURCE, TYPES
from .settings import Settings

KINDS = ("boolean", "integer", "number")


@dataclass(frozen=True)
class Entry:
    """One key of one environment, fit to be shown: a secret has a mask instead of its text."""

    key: str
    text: str | None
    mask: Mask | None
    origin: Origin
    kind: str
    """The type that its text looks like; of a URL the scheme."""

    @property
    def shown(self) -> str:
        if self.text is None:
            return str(self.mask)
        return self.text if self.text.isprintable() else ascii(self.text)

    def document(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "value": self.text,
            "secret": self.mask.document() if self.mask else None,
            "origin": str(self.origin),
            "type": self.kind,
        }


@dataclass(frozen=True)
class Difference:
    """What two environments say of one key: `missing`, `extra`, `type`, `value` or `equal secret`."""

    key: str
    what: str
    left: Entry | None
    right: Entry | None

    def document(self) -> dict[str, Any]:
        sides = {
            side: entry.document() if entry else None for side, entry in (("a", self.left), ("b", self.right))
        }
        return {"key": self.key, "difference": self.what, **sides}


def entries(draft: Draft, key: bytes) -> tuple[Entry, ...]:
    """Every key that is set, the tool's first; `key` is the user's, for the masks."""
    texts = {**draft.variables, **draft.merged.texts}
    ordered = sorted(texts, key=lambda name: (not name.startswith("DEPLOY_"), name))
    return tuple(entry(draft, name, texts[name], draft.origin(name), key) for name in ordered)


def entry(draft: Draft, name: str, text: str, origin: Origin, key: bytes) -> Entry:
    """The text that one layer gives to a key, masked when it must be."""
    hidden = draft.is_secret(name, text) or draft.holds_secret(text)
    return Entry(name, None if hidden else text, mask(text, key) if hidden else None, origin, kind(text))


def kind(text: str) -> str:
    """The type that a text looks like."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if scheme:
        return f"{scheme[1].lower()} URL"
    return next((name for name in KINDS if re.fullmatch(TYPES[name], text)), "text" if text else "empty")


def differences(left: Draft, right: Draft, key: bytes) -> tuple[Difference, ...]:
    """What is not the same in two environments, and the secrets that are, by key."""
    a, b = ({entry.key: entry for entry in entries(draft, key)} for draft in (left, right))
    pairs = ((name, a.get(name), b.get(name)) for name in sorted(a.keys() | b.keys()))
    found = (Difference(name, difference(one, other), one, other) for name, one, other in pairs)
    return tuple(one for one in found if one.what)


def difference(one: Entry | None, other: Entry | None) -> str:
    """The word for how two entries differ; empty when they do not."""
    if one is None or other is None:
        return "missing" if one is None else "extra"
    if one.mask and one.mask == other.mask:
        return "equal secret"
    if one.kind != other.kind:
        return "type"
    return "" if (one.text, one.mask) == (other.text, other.mask) else "value"


def explanation(draft: Draft, name: str, key: bytes) -> tuple[Entry, ...]:
    """What every layer says of a key, the winner last; the default where nobody says anything."""
    said = tuple(
        entry(draft, name, value.text, value.origin, key) for value in draft.merged.values.get(name, ())
    )
    if said:
        return said
    if name in draft.variables:
        return (entry(draft, name, draft.variables[name], Origin(SOURCE), key),)
    return tuple(entry(draft, name, text, Origin("default"), key) for text in defaults(name))


def defaults(name: str) -> Iterator[str]:
    """What a key of the tool is when nobody sets it, as one would write it. Raises UsageError for no key."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name}: is no name of a key; write e.g. `env.explain DATABASE_URL --env=prod`")
    if name.startswith("DEPLOY_") and not keys.is_known(name):
        raise UsageError(
            f"{name}: is no key of deploytasks; see the README{keys.nearest(name, settings.KNOWN)}"
        )
    for field in fields(Settings):
        if f"DEPLOY_{field.name.upper()}" == name and isinstance(field.default, bool):
            yield "yes" if field.default else "no"
        elif f"DEPLOY_{field.name.upper()}" == name and isinstance(field.default, str | int | float):
            yield f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


def unread(root: Path) -> tuple[str, ...]:
    """Files in environments/ that look like a layer and are read by no environment."""
    names = layers.environment_names(root)
    read = {"common.env", *(f"{name}{end}" for name in names for end in (".env", ".local.env"))}
    encrypted = tuple(f"{name}.secrets.env." for name in names)
    found = sorted(path.name for path in (root / "environments").glob("*.env*"))
    return tuple(
        f"environments/{name}:1: is read by no environment; rename it after one, or remove it"
        for name in found
        if name not in read and not name.startswith(encrypted)
    )
