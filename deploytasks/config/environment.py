"""Environment and Host: what the dotenv layers say, parsed once into types that cannot be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .secret import Secret

if TYPE_CHECKING:
    from .settings import Settings


@dataclass(frozen=True)
class Origin:
    """Where a value came from: a file (relative to the project) and a 1-based line, or `process`, or `default`."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Variable:
    """One application key. `secret` says whether it must be masked; the text is wrapped in any case."""

    name: str
    value: Secret
    origin: Origin
    secret: bool = False


@dataclass(frozen=True)
class Host:
    """One host of an environment. `local:` hosts have `address == "local"` and `is_local`."""

    address: str
    user: str | None = None
    port: int | None = None
    roles: tuple[str, ...] = ()
    """Role names in lower case; hosts of the plain DEPLOY_HOSTS carry the role `app`."""
    primary: bool = False
    is_local: bool = False

    @property
    def name(self) -> str:
        """As written in DEPLOY_HOSTS; unique within an environment."""
        if self.is_local:
            return "local:"
        user = f"{self.user}@" if self.user else ""
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        return f"{user}{bracketed}{f':{self.port}' if self.port else ''}"


@dataclass(frozen=True)
class Environment:
    """One environment, complete and valid. Printable without leaking."""

    name: str
    root: Path
    """The project: the directory that holds fabfile.py and environments/."""
    hosts: tuple[Host, ...]
    """Every host of every role once, in the order written; the first is the primary."""
    settings: Settings
    variables: tuple[Variable, ...] = ()
    """Application keys, sorted by name."""
    warnings: tuple[str, ...] = ()
    origins: tuple[tuple[str, Origin], ...] = field(default=(), repr=False)
    """Origin of every DEPLOY_ key that was set."""
    secret_settings: tuple[Variable, ...] = field(default=(), repr=False)
    """The DEPLOY_ keys whose texts must be masked, e.g. a DEPLOY_NOTIFY that DEPLOY_SECRETS names."""

    @property
    def primary(self) -> Host:
        return self.hosts[0]

    @property
    def taken_from_process(self) -> tuple[str, ...]:
        """Keys whose value the process environment gave (DEPLOY_FROM_PROCESS)."""
        origins = (*self.origins, *((variable.name, variable.origin) for variable in self.variables))
        return tuple(name for name, origin in origins if origin.source == "process")

    def get(self, name: str) -> Variable | None:
        """The application key `name`, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)

    def revealed(self) -> dict[str, str]:
        """Application keys with their texts, for the one place that ships them."""
        return {variable.name: variable.value.reveal() for variable in self.variables}
