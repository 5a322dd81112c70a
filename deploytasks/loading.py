"""From layers to an Environment: everything that is wrong is found before anything is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from . import dotenv, hosts, layers, schema, settings, syntax
from .environment import Environment, Host, Origin, Settings, Variable
from .errors import ConfigurationError
from .layers import Merged
from .schema import Schema
from .secret import SHORT, Redactor, Secret, is_secret, named_secret


@dataclass(frozen=True)
class Draft:
    """One environment as it is written, right or wrong."""

    name: str
    root: Path
    merged: Merged
    schema: Schema
    hosts: tuple[Host, ...]
    fields: Mapping[str, Any]
    """Of Settings, as far as they are right."""
    problems: tuple[str, ...]

    @property
    def variables(self) -> dict[str, str]:
        """The application's keys, with the defaults of the schema."""
        return {**self.schema.defaults(self.name), **applications(self.merged.texts)}

    @property
    def secrets(self) -> frozenset[str]:
        """Names of keys that are secret besides those that their names tell."""
        return self.schema.secrets | set(self.fields.get("secrets", ()))

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.merged.warnings, *doubts(self))

    def is_secret(self, key: str, text: str) -> bool:
        """Whether a text of a key must be masked."""
        return is_secret(key, text, self.secrets)

    @cached_property
    def redactor(self) -> Redactor:
        """Masks every secret that is set."""
        known = {**self.variables, **self.merged.texts}
        hidden = (
            Variable(key, Secret(text), self.origin(key), True)
            for key, text in known.items()
            if self.is_secret(key, text)
        )
        kept = (*(host.name for host in self.hosts), *filter(None, (self.fields.get("path"),)))
        return Redactor(hidden, kept=kept)

    def holds_secret(self, text: str) -> bool:
        """Whether the value of some secret is a part of a text."""
        return self.redactor.text(text) != text

    def origin(self, key: str) -> Origin:
        """Where the text of a key comes from, or would be expected."""
        return self.merged.origins.get(key, Origin(schema.SOURCE if key in self.variables else "default"))

    def environment(self) -> Environment:
        """The environment. Raises ConfigurationError with every problem at once."""
        if self.problems:
            raise ConfigurationError(self.problems)
        known = Settings(**{**self.fields, "secrets": tuple(sorted(self.secrets))})
        variables = tuple(
            Variable(key, Secret(text), self.origin(key), self.is_secret(key, text))
            for key, text in sorted(self.variables.items())
        )
        origins = tuple((key, origin) for key, origin in self.merged.origins.items() if is_ours(key))
        ours = ((key, text) for key, text in sorted(self.merged.texts.items()) if is_ours(key))
        hidden = tuple(
            Variable(key, Secret(text), self.origin(key), True)
            for key, text in ours
            if self.is_secret(key, text)
        )
        return Environment(self.name, self.root, self.hosts, known, variables, self.warnings, origins, hidden)


def draft(name: str, root: Path, process: Mapping[str, str]) -> Draft:
    """Read and judge the environment `name` of the project at `root`. Raises UsageError when it is none."""
    layers.require_name(name, root)
    rules = schema.read(root, layers.environment_names(root))
    merged = layers.merge(name, root, process, rules.secrets)
    ours = {key: text for key, text in merged.texts.items() if is_ours(key)}
    found, host_problems = hosts.parse(ours)
    fields, setting_problems = settings.parse(ours, {role for host in found for role in host.roles})
    loose = Draft(name, root, merged, rules, found, fields, ())
    own = (
        *missing(merged, ours),
        *host_problems,
        *setting_problems,
        *contradictions(loose),
        *unwritable(loose),
    )
    problems = (*merged.problems, *rules.problems, *placed(loose, own), *against_schema(loose))
    return replace(loose, problems=tuple(dict.fromkeys(problems)))


def placed(loose: Draft, problems: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Problems of keys with the place where each key is written, or should be."""
    for key, what in problems:
        yield f"{loose.merged.origins.get(key, f'environments/{loose.name}.env:1')}: {key} {what}"


def against_schema(loose: Draft) -> Iterator[str]:
    """What the application's keys do against the schema."""
    origins = {key: loose.origin(key) for key in loose.variables}
    yield from schema.check(loose.schema, loose.name, loose.variables, origins)
    yield from too_equal(loose)


def is_ours(key: str) -> bool:
    return key.startswith("DEPLOY_")


def applications(texts: Mapping[str, str]) -> dict[str, str]:
    """The keys that are the application's."""
    return {key: text for key, text in texts.items() if not is_ours(key)}


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
    if any(host.is_local for host in loose.hosts) and loose.root / path in (loose.root, Path.home()):
        yield "DEPLOY_PATH", syntax.NOT_OUR_OWN
    for key in loose.fields.get("wait_for") or ():
        if key not in loose.variables and key not in loose.merged.lost:
            near = settings.nearest(key, loose.variables)
            yield "DEPLOY_WAIT_FOR", f"names {key}, which is not set; set it{near or ', or take it out'}"


def unwritable(loose: Draft) -> Iterator[tuple[str, str]]:
    """Application keys that cannot be shipped."""
    for key, text in loose.variables.items():
        why = dotenv.unwritable(key, text)
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
    for key in ("DEPLOY_SECRETS", "DEPLOY_FROM_PROCESS"):
        for name in found.merged.texts.get(key, "").split():
            if name not in found.merged.texts and name not in found.variables:
                near = settings.nearest(name, found.merged.texts)
                cure = f"set it{near or ', or take it out'}"
                yield f"{found.origin(key)}: {key} names {name}, which is set nowhere; {cure}"
    for key, text in sorted(found.merged.texts.items()):
        if layers.COMMAND.fullmatch(key) and found.holds_secret(text):
            cure = "name the key instead, e.g. $SECRET_KEY"
            yield f"{found.origin(key)}: {key} holds a secret, and the host's process list will show it; {cure}"
    for key, text in sorted(found.variables.items()):
        if named_secret(key, found.secrets) and 0 < len(text) < SHORT:
            why = f"is a secret of under {SHORT} characters and masked only beside its name"
            yield f"{found.origin(key)}: {key} {why}; take a longer one"
