"""An Environment from its layers: everything that is wrong is found before anything is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from . import hosts, keys, layers, schema
from .environment import Environment, Host, Origin, Variable
from .layers import Merged
from .problems import against_schema, contradictions, doubts, missing, placed, unwritable
from .redaction import Redactor
from .schema import Schema
from .secret import Secret, is_secret
from .settings import Settings, applications, is_ours


def load_environment(name: str, *, root: Path, process: Mapping[str, str] | None = None) -> Environment:
    """The environment `name` of the project at `root`, complete and valid.

    `process` is the process environment; only keys named in DEPLOY_FROM_PROCESS are taken from it. Raises
    UsageError for a name that is no environment, ConfigurationError with every problem of every layer at once.
    """

    return draft(name, root.resolve(), process or {}).environment()


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
    fields, setting_problems = keys.parse(ours, {role for host in found for role in host.roles})
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
