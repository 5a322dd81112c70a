"""What is wrong with the keys of an environment together, and what is doubtful."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import canonical, keys, layers, parsers, schema, settings
from .layers import Merged
from .secret import SHORT, named_secret

if TYPE_CHECKING:
    from .loading import Draft


def placed(loose: Draft, problems: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Problems of keys with the place where each key is written, or should be."""
    for key, what in problems:
        yield f"{loose.merged.origins.get(key, f'environments/{loose.name}.env:1')}: {key} {what}"


def against_schema(loose: Draft) -> Iterator[str]:
    """What the application's keys do against the schema."""
    origins = {key: loose.origin(key) for key in loose.variables}
    yield from schema.check(loose.schema, loose.name, loose.variables, origins)
    yield from too_equal(loose)


def missing(merged: Merged, ours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Required keys that nobody wrote; one that could not be read is told of already."""
    for key, what in settings.REQUIRED.items():
        if key not in ours and key not in merged.lost:
            yield key, f"is missing; set it to {what}"


def contradictions(loose: Draft) -> Iterator[tuple[str, str]]:
    """What is wrong between keys."""
    path = loose.fields.get("path", "/srv")
    if not path.startswith("/") and not all(host.is_local for host in loose.hosts):
        cure = f"write {settings.REQUIRED['DEPLOY_PATH']}"
        yield "DEPLOY_PATH", f"is relative, which only local: hosts may have; {cure}"
    shared = (*loose.fields.get("shared_dirs", ()), *loose.fields.get("shared_files", ()))
    if loose.fields.get("backup") and any(name.partition("/")[0] == "backups" for name in shared):
        yield (
            "DEPLOY_BACKUP",
            "writes to shared/backups, which is shared with the application too; rename that one",
        )
    if any(host.is_local for host in loose.hosts) and loose.root / path in (loose.root, *homes()):
        yield "DEPLOY_PATH", parsers.NOT_OUR_OWN
    runs = [name for name in ("processes", "role_processes") if loose.fields.get(name)]
    if runs and (loose.fields.get("restart") or loose.fields.get("role_restart")):
        yield "DEPLOY_PROCESSES", "starts what DEPLOY_RESTART would restart; take one of them out"
    for key in loose.fields.get("wait_for") or ():
        if key not in loose.variables and key not in loose.merged.lost:
            near = keys.nearest(key, loose.variables)
            yield "DEPLOY_WAIT_FOR", f"names {key}, which is not set; set it{near or ', or take it out'}"


def homes() -> Iterator[Path]:
    """The user's home directory; nothing where there is none, as in containers."""
    with suppress(RuntimeError):
        yield Path.home()


def unwritable(loose: Draft) -> Iterator[tuple[str, str]]:
    """Application keys that cannot be shipped."""
    for key, text in loose.variables.items():
        why = canonical.unwritable(key, text)
        if why:
            yield key, why


def too_equal(loose: Draft) -> Iterator[str]:
    """Keys whose value another environment has too, against the schema, as far as that one can be read."""
    rules = [
        rule
        for rule in loose.schema.rules
        if loose.name in rule.must_differ_between and rule.name in loose.variables
    ]
    others = {other for rule in rules for other in rule.must_differ_between if other != loose.name}
    texts = {other: layers.merge(other, loose.root, {}).texts for other in sorted(others)}
    for key, other in schema.shared_secrets(loose.schema, loose.name, loose.variables, texts):
        yield f"{loose.origin(key)}: {key} has the same value in {other}; give each environment its own"


def doubts(found: Draft) -> Iterator[str]:
    """What is allowed and probably not meant."""
    for name in found.merged.texts.get("DEPLOY_SECRETS", "").split():
        if name not in found.merged.texts and name not in found.variables:
            near = keys.nearest(name, found.merged.texts)
            cure = f"set it{near or ', or take it out'}"
            yield f"{found.origin('DEPLOY_SECRETS')}: DEPLOY_SECRETS names {name}, which is set nowhere; {cure}"
    for key, text in sorted(found.merged.texts.items()):
        if layers.COMMAND.fullmatch(key) and found.holds_secret(text):
            cure = "name the key instead, e.g. $SECRET_KEY"
            yield f"{found.origin(key)}: {key} holds a secret, and the host's process list will show it; {cure}"
    for key, text in sorted(found.variables.items()):
        if named_secret(key, found.secrets) and 0 < len(text) < SHORT:
            why = f"is a secret of under {SHORT} characters and masked only beside its name"
            yield f"{found.origin(key)}: {key} {why}; take a longer one"
